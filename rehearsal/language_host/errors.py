"""What the host reports to the person."""


class HostError(Exception):
    """An expected failure. The text says what, where, why and the fix, and is shown as it is."""
