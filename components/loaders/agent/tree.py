"""Writing files below one root: never over another, never through a link, durable when it returns."""

import errno
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Final

from .errors import UnsafeError
from .records import FileRecord, Written

FILE_MODE: Final = 0o644
EXECUTABLE_MODE: Final = 0o755
DIRECTORY_MODE: Final = 0o755

EARLY_BYTES: Final = 8 * 1024 * 1024
"""Written bytes after which the disk is set to work on them; else ``fsync`` finds most of a file still to write."""


class TreeWriter:
    """Writes one layer; what it made can be taken back.

    Args:
        root: directory of ours that holds no links.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files: list[FileRecord] = []
        self.directories: list[str] = []

    def make_directory(self, parts: tuple[str, ...]) -> None:
        """Make a directory and its parents; one that is there already is fine.

        Raises:
            UnsafeError: a file has that name.
        """
        where = self._root
        for part in parts:
            where /= part
            try:
                where.mkdir(mode=DIRECTORY_MODE)
                where.chmod(DIRECTORY_MODE)
            except FileExistsError:
                if not where.is_dir():
                    name = "/".join(parts)
                    raise UnsafeError(f"the artifact has both a file and a directory at {name!r}") from None
        if parts:
            self.directories.append("/".join(parts))

    def write_file(
        self,
        parts: tuple[str, ...],
        chunks: Iterable[memoryview | bytes],
        *,
        executable: bool,
        begun: Path | None = None,
    ) -> None:
        """Write a new file and wait until it is on the disk.

        Args:
            parts: its path.
            chunks: its content, or what is still missing of it.
            executable: its mode.
            begun: file with the beginning; it becomes the new file.

        Raises:
            UnsafeError: the path was already written.
        """
        with self._created(parts, executable=executable, begun=begun) as file:
            _append(file, chunks)

    def clone_file(self, parts: tuple[str, ...], clone_into: Callable[[int], bool]) -> bool:
        """Write a new file by letting it share the blocks of another, if the file system can.

        Args:
            parts: its path.
            clone_into: does it, given the descriptor of an empty file; returns whether it could.

        Returns:
            Whether the file is there; if not, nothing is.

        Raises:
            UnsafeError: the path was already written.
        """
        with self._created(parts, executable=False, begun=None) as file:
            cloned = clone_into(file.fileno())
        if not cloned:
            self._root.joinpath(self.files.pop().path).unlink()
        return cloned

    @contextmanager
    def _created(self, parts: tuple[str, ...], *, executable: bool, begun: Path | None) -> Generator[FileIO]:
        """Open a new file; afterwards it is on the disk and remembered."""
        if parents := parts[:-1]:
            self.make_directory(parents)
            self.directories.pop()
        name = "/".join(parts)
        path = self._root.joinpath(*parts)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, FILE_MODE)
        except FileExistsError:
            raise UnsafeError(f"the artifact has two entries for {name!r}") from None
        self.files.append(FileRecord(path=name, size=0, executable=executable))
        if begun is not None:
            os.close(descriptor)
            begun.replace(path)  # over the empty file that kept the name free
            descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123  # a descriptor, not a path
            os.fchmod(descriptor, EXECUTABLE_MODE if executable else FILE_MODE)
            yield file
            os.fsync(descriptor)
            size = os.fstat(descriptor).st_size
        self.files[-1] = FileRecord(path=name, size=size, executable=executable)

    def written(self) -> Written:
        """Return what this writer made."""
        return Written(files=tuple(self.files), directories=tuple(self.directories))

    def take_back(self) -> None:
        """Remove the files this writer made, so that the layer can be written again."""
        for record in self.files:
            with suppress(FileNotFoundError):
                self._root.joinpath(record.path).unlink()
        self.files.clear()
        self.directories.clear()


def _append(file: FileIO, chunks: Iterable[memoryview | bytes]) -> None:
    """Write to the end of a file."""
    size = early = file.seek(0, os.SEEK_END)
    for chunk in chunks:
        size += len(chunk)
        view = memoryview(chunk)
        while view:
            view = view[file.write(view) :]
        if size - early >= EARLY_BYTES:
            _write_back(file.fileno(), early, size - early)
            early = size


def _write_back(descriptor: int, start: int, count: int) -> None:
    """Start writing pages to the disk without waiting for them (Linux ``mm/fadvise.c``, POSIX_FADV_DONTNEED).

    Those that are not written yet stay in memory, where the server that reads the model finds them.
    """
    if hasattr(os, "posix_fadvise"):  # not on macOS
        with suppress(OSError):  # advice only: ``fsync`` reports what cannot be written
            os.posix_fadvise(descriptor, start, count, os.POSIX_FADV_DONTNEED)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network and FUSE file systems have no such thing for directories
            raise
    finally:
        os.close(descriptor)


def sync_directories(root: Path) -> None:
    """Make every name below a directory durable, deepest first."""
    for directory, _, _ in os.walk(root, topdown=False):
        sync_directory(Path(directory))


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file by a complete, durable one."""
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
