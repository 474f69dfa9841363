"""Everything that lets a stack run for real on one machine."""
