"""What a run that ended left of layers that were not whole, kept beside the tree until they are continued."""

import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .bytestream import CHUNK_BYTES
from .plan import Layer
from .tarnotes import Note, TarNotes, read_notes


def _size(path: Path) -> int:
    """Return the bytes of a plain file; -1 if there is none."""
    with suppress(OSError):
        found = path.lstat()
        return found.st_size if stat.S_ISREG(found.st_mode) else -1
    return -1


def _pieces_of(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes, a bounded number at a time."""
    with path.open("rb", buffering=0) as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """The first bytes of a layer, as files and what an archive has between them.

    Attributes:
        layer: what it is of.
        kept: path whose name, with a number behind it, each file has.
        files: how many there are; the last one may be cut.
        size_bytes: of everything.
    """

    layer: Layer
    kept: Path
    files: int
    size_bytes: int

    def file(self, number: int) -> Path | None:
        """Return what there is of a file of the layer; nothing of one that is empty or comes later."""
        path = _numbered(self.kept, number)
        return path if number < self.files and _size(path) > 0 else None

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes in order. A file may be moved once all its bytes have come."""
        for number, note in zip(range(self.files), _notes_of(self.layer, self.kept), strict=False):
            if note.head:
                yield note.head
            if (path := self.file(number)) is not None:
                yield from _pieces_of(path)

    def drop(self) -> None:
        """Remove it: it was not what it seemed to be."""
        _notes_path(self.kept).unlink(missing_ok=True)
        for number in range(self.files):
            _numbered(self.kept, number).unlink(missing_ok=True)


class Beginnings:
    """The beginnings of one version's layers.

    A layer can be continued if the source gives a digest for it, which then vouches for the whole, and if its bytes can
    be told from its files: a raw one is its file, an archive without compression is its files and its notes.

    Args:
        tree: where files grow.
        directory: where they are kept.
    """

    def __init__(self, tree: Path, directory: Path) -> None:
        self._tree = tree
        self._directory = directory

    def set_aside(self, layer: Layer) -> None:
        """Keep the files of a layer out of the tree, where their names may be wanted before they are continued."""
        if not _can_continue(layer):
            return
        kept = self._directory / layer.key
        for number, note in enumerate(_notes_of(layer, kept)):
            found, path = self._tree.joinpath(*note.parts), _numbered(kept, number)
            if _size(found) > _size(path):
                found.replace(path)
            if note.size and _size(path) < note.size:
                return

    def of(self, layer: Layer) -> Beginning | None:
        """Return what was kept of a layer, if anything."""
        if not _can_continue(layer):
            return None
        kept = self._directory / layer.key
        files, total = 0, 0
        for number, note in enumerate(_notes_of(layer, kept)):
            size = _size(_numbered(kept, number)) if note.size else 0
            if not 0 <= size <= note.size:
                break
            files, total = files + 1, total + len(note.head) + size
            if size < note.size:
                break
        if not 0 < total <= layer.blob.size:
            return None
        return Beginning(layer=layer, kept=kept, files=files, size_bytes=total)

    def notes(self, layer: Layer) -> TarNotes:
        """Return where an archive is noted, if it could be continued."""
        return TarNotes(_notes_path(self._directory / layer.key) if _can_continue(layer) else None)


def _can_continue(layer: Layer) -> bool:
    return bool(layer.blob.digest) and not layer.compression


def _notes_of(layer: Layer, kept: Path) -> Iterator[Note]:
    if layer.form == "raw":
        yield Note(head=b"", parts=layer.parts, size=layer.blob.size, end=0)
    else:
        yield from read_notes(_notes_path(kept))


def _notes_path(kept: Path) -> Path:
    return kept.with_name(f"{kept.name}.notes")


def _numbered(kept: Path, number: int) -> Path:
    return kept.with_name(f"{kept.name}.{number}")
