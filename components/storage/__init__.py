"""Volumes that model weights are kept on."""
