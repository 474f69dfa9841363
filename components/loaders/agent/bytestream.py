"""What every stage of a load reads from and is read through."""

from typing import Final, Protocol

CHUNK_BYTES: Final = 1024 * 1024
"""Most that one read of an unpacking stage returns; it bounds the memory of a bomb."""


class ByteStream(Protocol):
    """A source of bytes: some at each read, none at the end."""

    def read(self) -> bytes:
        """Return the next bytes; empty at the end."""
        ...


def drain(stream: ByteStream) -> None:
    """Read to the end, so that the stream's own checks are made."""
    while stream.read():
        pass
