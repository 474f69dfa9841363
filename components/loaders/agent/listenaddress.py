"""Where to listen, as it is written."""

from .errors import UsageError


def split_address(listen: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``; an IPv6 address stands in brackets.

    Raises:
        UsageError: it is not that.
    """
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004  # the highest port
        raise UsageError(f"--listen {listen!r} is not HOST:PORT, 0.0.0.0:9410 for instance")
    return host, int(port)
