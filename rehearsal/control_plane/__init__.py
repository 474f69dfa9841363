"""The parts of a rehearsal cluster: options, certificates, command lines, processes, first objects."""
