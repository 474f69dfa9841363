"""Reading tar as a stream (POSIX.1-2001 pax, ustar, GNU long names), refusing all but files and directories."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .errors import UnsafeError
from .exact import ExactReader

_BLOCK: Final = 512
_META_LIMIT_BYTES: Final = 1024 * 1024
_ENTRY_LIMIT: Final = 1_000_000
_REGULAR: Final = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE})
_WHAT: Final = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TarEntry:
    """A file or a directory.

    Attributes:
        name: as written, not yet checked.
        size: bytes of content that follow; 0 for a directory.
        executable: whether the owner may run it.
        directory: whether it is one.
    """

    name: str
    size: int
    executable: bool
    directory: bool


def entries(reader: ExactReader) -> Iterator[TarEntry]:
    """Yield each entry; the caller has to take its content with ``reader.chunks(entry.size)`` before the next.

    Raises:
        UnsafeError: broken, cut, too many entries, or an entry that is neither file nor directory.
    """
    overrides: dict[str, str] = {}
    seen = 0
    while (header := _header(reader)) is not None:
        seen += 1
        if seen > _ENTRY_LIMIT:
            raise UnsafeError(f"the archive holds more than {_ENTRY_LIMIT} entries")
        if header.type in {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.SOLARIS_XHDTYPE}:
            overrides.update(_meta(reader, header))
            continue
        entry = _entry(header, overrides)
        overrides = {}
        yield entry
        _skip(reader, -entry.size % _BLOCK)


def _header(reader: ExactReader) -> tarfile.TarInfo | None:
    block = reader.exactly(_BLOCK)
    if not block or not block.strip(b"\0"):
        return None
    if len(block) < _BLOCK:
        raise UnsafeError("the archive ends within a header")
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise UnsafeError(f"the layer is not a tar archive, or broken: {error}") from error


def _meta(reader: ExactReader, header: tarfile.TarInfo) -> dict[str, str]:
    if not 0 <= header.size <= _META_LIMIT_BYTES:
        raise UnsafeError(f"the archive holds an extended header of {header.size} bytes")
    data = reader.exactly(header.size)
    if len(data) < header.size:
        raise UnsafeError("the archive ends within an extended header")
    _skip(reader, -header.size % _BLOCK)
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")}
    records = _pax(data)
    if header.type == tarfile.XGLTYPE:
        # Git and others put a comment there; a name or a size for every later entry is nothing a packer writes.
        if records.keys() & {"path", "size", "linkpath"}:
            raise UnsafeError("the archive sets one path or size for all entries")
        return {}
    return records


def _pax(data: bytes) -> dict[str, str]:
    """Parse records of a length, a space, ``key=value`` and a line feed (POSIX.1-2001, "pax Extended Header")."""
    records: dict[str, str] = {}
    rest = data
    while rest.strip(b"\0"):
        digits, space, _ = rest.partition(b" ")
        length = int(digits) if space and digits.isdigit() and len(digits) < len(str(_META_LIMIT_BYTES)) + 1 else 0
        key, equals, value = rest[len(digits) + 1 : length].partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise UnsafeError("the archive holds a broken extended header")
        records[key.decode("utf-8", "surrogateescape")] = value[:-1].decode("utf-8", "surrogateescape")
        rest = rest[length:]
    return records


def _entry(header: tarfile.TarInfo, overrides: dict[str, str]) -> TarEntry:
    name = overrides.get("path", header.name)
    directory = header.type == tarfile.DIRTYPE
    if any(key.startswith("GNU.sparse.") for key in overrides):
        raise UnsafeError(f"the archive holds a sparse file {name!r}; only plain files and directories are unpacked")
    if not directory and header.type not in _REGULAR:
        what = _WHAT.get(header.type, f"an entry of type {header.type!r}")
        raise UnsafeError(f"the archive holds {what}: {name!r}; only plain files and directories are unpacked")
    size = header.size
    if "size" in overrides:
        if not (overrides["size"].isascii() and overrides["size"].isdigit()):
            raise UnsafeError(f"the archive gives {name!r} the size {overrides['size']!r}")
        size = int(overrides["size"])
    if size < 0 or (directory and size):
        raise UnsafeError(f"the archive gives {name!r} the size {size}")
    return TarEntry(name=name, size=size, executable=bool(header.mode & 0o100), directory=directory)


def _skip(reader: ExactReader, size: int) -> None:
    if len(reader.exactly(size)) < size:
        raise UnsafeError("the archive ends within its padding")
