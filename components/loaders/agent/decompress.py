"""Decompression as a stream of bounded chunks; a bomb is stopped while it unpacks, not after."""

import zlib
from typing import Final, Literal

from .bytestream import CHUNK_BYTES, ByteStream
from .errors import UnsafeError
from .zstd import unzstd

Compression = Literal["", "gzip", "zstd"]

RATIO_LIMIT: Final = 100
"""A layer may unpack to this many times its compressed size; weights reach about 1.5, JSON and text about 10."""

RATIO_FREE_BYTES: Final = 16 * 1024 * 1024
"""Unpacked bytes to which the ratio does not apply, so that small, repetitive files pass."""

_GZIP_WINDOW: Final = 31


def expanded_limit_bytes(compression: Compression, packed_bytes: int, max_layer_bytes: int) -> int:
    """Return how many bytes a layer may unpack to."""
    by_ratio = max(RATIO_FREE_BYTES, RATIO_LIMIT * packed_bytes) if compression else packed_bytes
    return min(max_layer_bytes, by_ratio)


class Gunzip:
    """Unpacks gzip, several members too (RFC 1952).

    Args:
        source: packed bytes.
    """

    def __init__(self, source: ByteStream) -> None:
        self._source = source
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._pending = b""
        self._started = False

    def read(self) -> bytes:
        """Return the next unpacked bytes.

        Raises:
            UnsafeError: not gzip, broken, or cut.
        """
        while True:
            if self._inflate.eof:
                self._pending = self._inflate.unused_data
                self._inflate = zlib.decompressobj(_GZIP_WINDOW)
                self._started = False
            data = self._pending or self._source.read()
            if not data:
                if self._started:
                    raise UnsafeError("gzip layer: the stream ends in the middle")
                return b""
            self._started = True
            try:
                out = self._inflate.decompress(data, CHUNK_BYTES)
            except zlib.error as error:
                raise UnsafeError(f"gzip layer: {error}") from error
            self._pending = self._inflate.unconsumed_tail
            if out:
                return out


class Bounded:
    """Stops a stream that grows past what it may.

    Args:
        source: unpacked bytes.
        limit_bytes: most that may come.
    """

    def __init__(self, source: ByteStream, limit_bytes: int) -> None:
        self._source = source
        self._limit = limit_bytes
        self._seen = 0

    def read(self) -> bytes:
        """Return the next bytes.

        Raises:
            UnsafeError: the limit is passed.
        """
        data = self._source.read()
        self._seen += len(data)
        if self._seen > self._limit:
            raise UnsafeError(
                f"the layer unpacks to more than {self._limit} bytes, which looks like an archive bomb; "
                "raise --max-layer-bytes if that was the limit, or pack the artifact without compression"
            )
        return data


def decompressed(source: ByteStream, compression: Compression) -> ByteStream:
    """Return the unpacked stream.

    Raises:
        UnsupportedError: this Python cannot unpack it.
    """
    match compression:
        case "":
            return source
        case "gzip":
            return Gunzip(source)
        case "zstd":
            return unzstd(source)
