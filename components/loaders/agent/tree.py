"""Writing files below one root: never over another, never through a link, durable when it returns."""

import errno
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Final

from .errors import UnsafeError
from .flush import EARLY_BYTES, Flushing, write_back
from .records import FileRecord, Written

FILE_MODE: Final = 0o644
EXECUTABLE_MODE: Final = 0o755
DIRECTORY_MODE: Final = 0o755


class TreeWriter:
    """Writes one layer; what it made can be taken back.

    Args:
        root: directory of ours that holds no links.
        flushing: makes the files durable; they are once it says so.
    """

    def __init__(self, root: Path, flushing: Flushing) -> None:
        self._root = root
        self._flushing = flushing
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
        """Write a new file.

        Args:
            parts: its path.
            chunks: its content.
            executable: its mode.
            begun: file that has the beginning already; it becomes the new file once the chunks have come so far.

        Raises:
            UnsafeError: the path was already written.
        """
        rest = iter(chunks)
        first = _after(rest, begun.stat().st_size) if begun is not None else b""
        with self._created(parts, executable=executable, begun=begun) as file:
            _append(file, chain((first,), rest))

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
        """Open a new file; afterwards it is on its way to the disk and remembered."""
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
        file = open(descriptor, "wb", buffering=0)  # noqa: PTH123, SIM115  # a descriptor, which flushing closes
        try:
            os.fchmod(descriptor, EXECUTABLE_MODE if executable else FILE_MODE)
            yield file
            size = os.fstat(descriptor).st_size
        except BaseException:
            file.close()
            raise
        self.files[-1] = FileRecord(path=name, size=size, executable=executable)
        self._flushing.add(file, size)

    def written(self) -> Written:
        """Return what this writer made."""
        return Written(files=tuple(self.files), directories=tuple(self.directories))

    def finish(self, then: Callable[[], None]) -> Future[None]:
        """Have something done once everything this writer made is durable.

        Returns:
            The end of it; raises what the disk refused.
        """
        return self._flushing.finish(then)

    def let_go(self) -> None:
        """Close what is open; the layer failed."""
        self._flushing.close()

    def take_back(self) -> None:
        """Remove the files this writer made, so that the layer can be written again."""
        self.let_go()
        for record in self.files:
            with suppress(FileNotFoundError):
                self._root.joinpath(record.path).unlink()
        self.files.clear()
        self.directories.clear()


def _after(chunks: Iterator[memoryview | bytes], size_bytes: int) -> memoryview | bytes:
    """Take so many bytes and return what is left of the piece they end in."""
    left = size_bytes
    while left and (piece := next(chunks, b"")):
        if len(piece) > left:
            return piece[left:]
        left -= len(piece)
    return b""


def _append(file: FileIO, chunks: Iterable[memoryview | bytes]) -> None:
    """Write to the end of a file."""
    size = early = file.seek(0, os.SEEK_END)
    for chunk in chunks:
        size += len(chunk)
        view = memoryview(chunk)
        while view:
            view = view[file.write(view) :]
        if size - early >= EARLY_BYTES:
            write_back(file.fileno(), early, size - early)
            early = size


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
