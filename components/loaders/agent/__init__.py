"""The loader agent: brings a model into a directory whole, once and verified. Standard library only."""
