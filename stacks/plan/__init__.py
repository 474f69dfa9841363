"""Plain numbers derived from the spec before any resource exists."""
