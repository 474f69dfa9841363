"""The container registry: credentials for pulling from it."""
