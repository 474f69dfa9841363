"""Finds, downloads or builds the engine and the control plane that a rehearsal needs."""
