"""What a layer became on the disk, and its form in receipts."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import jsonread
from .errors import UnsupportedError


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRecord:
    """One file that was written.

    Attributes:
        path: below the root, with slashes.
        size: bytes.
        executable: whether its mode is 0755, else 0644.
    """

    path: str
    size: int
    executable: bool

    def is_whole(self, root: Path) -> bool:
        """Return whether it is there with its size and mode."""
        with suppress(OSError):
            found = (root / self.path).lstat()
            return found.st_size == self.size and bool(found.st_mode & 0o100) == self.executable
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """Everything one layer made.

    Attributes:
        files: in the order they came.
        directories: those the layer names itself.
    """

    files: tuple[FileRecord, ...]
    directories: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return plain data for JSON."""
        files = [[record.path, record.size, record.executable] for record in self.files]
        return {"files": files, "directories": list(self.directories)}


def written_from_json(raw: object) -> Written | None:
    """Return what ``as_json`` gave, or None if it is something else."""
    try:
        fields = jsonread.mapping(raw, "layer")
        files = jsonread.items(fields["files"], "layer files")
        directories = jsonread.items(fields["directories"], "layer directories")
        return Written(
            files=tuple(_file(one) for one in files),
            directories=tuple(jsonread.text(one, "layer directory") for one in directories),
        )
    except (UnsupportedError, KeyError, ValueError):
        return None


def _file(raw: object) -> FileRecord:
    path, size, executable = jsonread.items(raw, "file")
    return FileRecord(
        path=jsonread.text(path, "file path"), size=jsonread.count(size, "file size"), executable=executable is True
    )


def layers_of(receipt: Mapping[str, object]) -> dict[str, Written]:
    """Return what each layer of a version became, by the layer's key; what cannot be read is left out."""
    try:
        layers = jsonread.mapping(receipt.get("layers"), "receipt layers")
    except UnsupportedError:
        return {}
    found = {key: written_from_json(raw) for key, raw in layers.items()}
    return {key: written for key, written in found.items() if written is not None}
