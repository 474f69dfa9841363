"""The models' namespace and what may talk to it."""
