"""What an archive holds beside the content of its files, noted as it is read, so that a next run can go on with it.

The bytes of a tar layer are headers, paddings and contents. Contents are on the disk as files; the rest would be lost
with the process. Notes are records, one per entry: numbers of bytes, then what came since the content of the entry
before, then the path.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from .bytestream import ByteStream
from .errors import UnsafeError
from .exact import ExactReader
from .paths import safe_file_path

_NUMBERS: Final = struct.Struct(">IIQ")
HEAD_LIMIT_BYTES: Final = 4 * 1024 * 1024
"""Most that is remembered between two entries; packers write a few headers of a few KiB."""

_PATH_LIMIT_BYTES: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One entry of an archive.

    Attributes:
        head: the archive's bytes between the content of the entry before and of this one.
        parts: where it is made.
        size: bytes of its content; 0 for a directory.
        end: bytes of the notes up to here.
    """

    head: bytes
    parts: tuple[str, ...]
    size: int
    end: int


def read_notes(path: Path) -> Iterator[Note]:
    """Yield what was noted, up to the first record that was not written whole.

    Whether it is true is for the digest of the layer to say.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        while (note := _read(file)) is not None:
            yield note


def _read(file: BinaryIO) -> Note | None:
    numbers = file.read(_NUMBERS.size)
    if len(numbers) < _NUMBERS.size:
        return None
    head_bytes, path_bytes, size = _NUMBERS.unpack(numbers)
    if head_bytes > HEAD_LIMIT_BYTES or path_bytes > _PATH_LIMIT_BYTES:
        return None
    head, path = file.read(head_bytes), file.read(path_bytes)
    try:
        parts = safe_file_path(os.fsdecode(path), "notes")
    except UnsafeError:
        return None  # a power cut left something else
    if len(head) < head_bytes or len(path) < path_bytes:
        return None
    return Note(head=head, parts=parts, size=size, end=file.tell())


class TarNotes:
    """Notes the entries of one archive.

    Args:
        path: of the notes; what they have already is not noted again. None to note nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._known = 0
        self._file: BinaryIO | None = None
        if path is None:
            return
        end = 0
        for note in read_notes(path):
            self._known, end = self._known + 1, note.end
        self._file = path.open("ab")
        self._file.truncate(end)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the notes."""
        if self._file is not None:
            self._file.close()

    def add(self, head: bytes, parts: tuple[str, ...], size_bytes: int) -> None:
        """Note the next entry, before it is made.

        Args:
            head: what came since the entry before; if it is too long, this and later entries are not noted.
            parts: path.
            size_bytes: of the content; 0 for a directory.
        """
        if self._known:
            self._known -= 1
        elif self._file is not None and len(head) > HEAD_LIMIT_BYTES:
            self.__exit__()
            self._file = None
        elif self._file is not None:
            path = os.fsencode("/".join(parts))
            self._file.write(_NUMBERS.pack(len(head), len(path), size_bytes) + head + path)
            self._file.flush()  # out of this process before the file begins


class NotingReader(ExactReader):
    """Remembers what was read with ``exactly``, which is how headers and paddings are read.

    Args:
        source: bytes of the archive.
    """

    def __init__(self, source: ByteStream) -> None:
        super().__init__(source)
        self._seen = bytearray()

    def exactly(self, size: int) -> bytes:
        """Return ``size`` bytes, or fewer at the end of the stream."""
        data = super().exactly(size)
        if len(self._seen) <= HEAD_LIMIT_BYTES:
            self._seen += data
        return data

    def taken(self) -> bytes:
        """Return what was remembered since the last call."""
        seen = bytes(self._seen)
        self._seen.clear()
        return seen
