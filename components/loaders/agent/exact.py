"""Exact-size reads on top of a stream that gives what it has."""

from collections.abc import Iterator

from .bytestream import ByteStream
from .errors import UnsafeError


class ExactReader:
    """Cuts a byte stream where the caller wants.

    Args:
        source: the stream.
    """

    def __init__(self, source: ByteStream) -> None:
        self._source = source
        self._rest = memoryview(b"")

    def some(self, limit: int) -> memoryview:
        """Return at least one byte and at most ``limit``, without copying; empty at the end."""
        if not self._rest:
            self._rest = memoryview(self._source.read())
        piece, self._rest = self._rest[:limit], self._rest[limit:]
        return piece

    def exactly(self, size: int) -> bytes:
        """Return ``size`` bytes, or fewer at the end of the stream."""
        data = bytearray()
        while len(data) < size and (piece := self.some(size - len(data))):
            data += piece
        return bytes(data)

    def chunks(self, size: int) -> Iterator[memoryview]:
        """Yield exactly ``size`` bytes in pieces.

        Raises:
            UnsafeError: the stream ends before.
        """
        left = size
        while left:
            piece = self.some(left)
            if not piece:
                raise UnsafeError(f"the layer ends {left} bytes too early")
            left -= len(piece)
            yield piece
