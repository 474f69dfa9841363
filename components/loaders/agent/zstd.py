"""Unpacking zstd (RFC 8878) with what this Python has: ``compression.zstd`` (3.14) or the ``zstandard`` package."""

import importlib
from types import ModuleType
from typing import Protocol

from .bytestream import CHUNK_BYTES, ByteStream
from .errors import UnsafeError, UnsupportedError


class _Decompressor(Protocol):
    """``compression.zstd.ZstdDecompressor`` (Python 3.14, "compression.zstd")."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Reader(Protocol):
    """``zstandard.ZstdDecompressionReader`` (python-zstandard 0.25, "ZstdDecompressor.stream_reader")."""

    def read(self, size: int, /) -> bytes: ...


class _Standard:
    """Unpacks with the standard library.

    Args:
        module: ``compression.zstd``.
        source: packed bytes.
    """

    def __init__(self, module: ModuleType, source: ByteStream) -> None:
        self._module = module
        self._source = source
        self._decompressor: _Decompressor = module.ZstdDecompressor()
        self._pending = b""
        self._started = False

    def read(self) -> bytes:
        """Return the next unpacked bytes."""
        while True:
            if self._decompressor.eof:
                self._pending = self._decompressor.unused_data
                self._decompressor = self._module.ZstdDecompressor()
                self._started = False
            data = b""
            if not self._started or self._decompressor.needs_input:
                data, self._pending = self._pending or self._source.read(), b""
                if not data:
                    if self._started:
                        raise UnsafeError("zstd layer: the stream ends in the middle")
                    return b""
            self._started = True
            try:
                out = self._decompressor.decompress(data, CHUNK_BYTES)
            except self._module.ZstdError as error:
                raise UnsafeError(f"zstd layer: {error}") from error
            if out:
                return out


class _Sized:
    """Gives a stream the ``read(size)`` that ``zstandard`` calls; a larger piece than asked for is kept back."""

    def __init__(self, source: ByteStream) -> None:
        self._source = source
        self._rest = b""

    def read(self, size: int) -> bytes:
        data = self._rest or self._source.read()
        data, self._rest = data[:size], data[size:]
        return data


class _Package:
    """Unpacks with the ``zstandard`` package.

    Args:
        module: ``zstandard``.
        source: packed bytes.
    """

    def __init__(self, module: ModuleType, source: ByteStream) -> None:
        self._module = module
        reader = module.ZstdDecompressor().stream_reader(_Sized(source), read_size=CHUNK_BYTES, read_across_frames=True)
        self._reader: _Reader = reader

    def read(self) -> bytes:
        """Return the next unpacked bytes."""
        try:
            return self._reader.read(CHUNK_BYTES)
        except self._module.ZstdError as error:
            raise UnsafeError(f"zstd layer: {error}") from error


def unzstd(source: ByteStream) -> ByteStream:
    """Return the unpacked stream.

    Raises:
        UnsupportedError: this Python has no zstd.
    """
    try:
        return _Standard(importlib.import_module("compression.zstd"), source)
    except ImportError:
        # Before 3.14: the package, if the image has it.
        try:
            return _Package(importlib.import_module("zstandard"), source)
        except ImportError:
            raise UnsupportedError(
                "a layer is packed with zstd, and this Python has neither compression.zstd (3.14) nor the zstandard "
                "package; use an image with Python 3.14, or pack the artifact with gzip or without compression"
            ) from None
