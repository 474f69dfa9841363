"""A stand-in for the ``kubernetes`` provider plugin: strict, light, and with the real plugin's state layout."""
