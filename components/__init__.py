"""How a stack is made: one component or one pure renderer per file."""
