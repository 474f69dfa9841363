"""When an object counts as ready, and how to wait for that."""
