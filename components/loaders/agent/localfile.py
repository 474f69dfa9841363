"""Reading a file below a directory that somebody else writes: no link is followed, nothing but a file is opened."""

import errno
import fcntl
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .deadline import Deadline
from .errors import AgentError, DigestError, DiskError, NetworkError, NotFoundError, UnsafeError, UnsupportedError
from .transport import READ_BYTES

_FICLONE: Final = 0x40049409  # linux/fs.h; ioctl_ficlone(2)
_NO_CLONES: Final = frozenset({errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EPERM})
_PASSING: Final = frozenset({errno.ESTALE, errno.ETIMEDOUT, errno.EIO})  # network file systems while a server restarts
_GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not make us wait
_DIRECTORY: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_DIRECTORY


def _as_agent_error(error: OSError, root: Path, name: str) -> AgentError:
    where = f"{root / name}: {error.strerror}"
    if error.errno == errno.ELOOP:
        return UnsafeError(f"{root / name}: is a link; copy what it points to in its place, then make the list again")
    if error.errno in _GONE:
        return NotFoundError(f"{where}; the list names it, but it is not there as a file")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return DiskError(f"{where}; this user may not read it, set the files' owner or mode")
    return NetworkError(where) if error.errno in _PASSING else DiskError(where)


@contextmanager
def _opened(root: Path, name: str) -> Generator[int]:
    """Open a file, refusing links at every step; raises AgentErrors only while it opens."""
    descriptors: list[int] = []
    try:
        try:
            *parents, last = name.split("/")
            here = os.open(root, _DIRECTORY)
            descriptors.append(here)
            for part in parents:
                here = _enter(here, part)
                descriptors.append(here)
            file = os.open(last, _FILE, dir_fd=here)
            descriptors.append(file)
        except OSError as error:
            raise _as_agent_error(error, root, name) from error
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise UnsafeError(f"{root / name}: is no plain file; only files can be loaded")
        yield file
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _enter(directory: int, part: str) -> int:
    """Open a directory below another."""
    try:
        return os.open(part, _DIRECTORY, dir_fd=directory)
    except OSError as error:
        # Linux says ENOTDIR for a link where only a directory will do (open(2), O_NOFOLLOW with O_DIRECTORY).
        if error.errno == errno.ENOTDIR and stat.S_ISLNK(os.lstat(part, dir_fd=directory).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
        raise


def size_bytes(root: Path, name: str) -> int:
    """Return a file's size.

    Raises:
        AgentError: it is not there, is a link or no file, or may not be read.
    """
    with _opened(root, name) as file:
        return os.fstat(file).st_size


def read_whole(root: Path, name: str, limit_bytes: int) -> bytes:
    """Return a small file.

    Raises:
        AgentError: as ``size_bytes``, or it is longer than the limit.
    """
    with _opened(root, name) as file, open(os.dup(file), "rb") as stream:  # noqa: PTH123  # a descriptor, not a path
        data = stream.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise UnsupportedError(f"{root / name}: longer than {limit_bytes} bytes")
    return data


class LocalBody:
    """Bytes of an open file.

    Args:
        descriptor: closed with the body.
        name: of the blob, for messages.
        offset: where to start.
        size: bytes the file must have.
    """

    def __init__(self, descriptor: int, *, name: str, offset: int, size: int) -> None:
        self._descriptor = descriptor
        self._name = name
        self._left = size - offset
        self.start = offset

    def read(self, deadline: Deadline) -> bytes:
        """Return the next bytes.

        Raises:
            DigestError: the file became shorter meanwhile.
            DiskError: it cannot be read.
        """
        deadline.check()
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except OSError as error:
            kind = NetworkError if error.errno in _PASSING else DiskError
            raise kind(f"{self._name}: {error.strerror}") from error
        self._left -= len(data)
        if not data and self._left > 0:
            raise DigestError(f"{self._name}: became {self._left} bytes shorter while it was read")
        return data

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalBlob:
    """One file below a directory.

    Attributes:
        root: the directory; no link itself.
        name: path below it.
        digest: what its bytes must be.
        size: bytes.
    """

    root: Path
    name: str
    digest: str
    size: int

    @property
    def identity(self) -> str:
        """The digest's hex digits."""
        return self.digest.removeprefix("sha256:")

    def open(self, offset: int) -> LocalBody:
        """Start reading at an offset.

        Raises:
            DigestError: it has another size than before.
            AgentError: as ``size_bytes``.
        """
        with _opened(self.root, self.name) as file:
            if (found := os.fstat(file).st_size) != self.size:
                raise DigestError(f"{self.name}: has {found} bytes now, {self.size} before; somebody writes to it")
            os.lseek(file, offset, os.SEEK_SET)
            return LocalBody(os.dup(file), name=self.name, offset=offset, size=self.size)

    def clone_into(self, target: int) -> bool:
        """Make an empty file share this one's blocks until either is written to (ioctl_ficlone(2)).

        XFS and btrfs can, also through NFS 4.2; ext4 and tmpfs cannot, and nothing can between two file systems.

        Args:
            target: descriptor of the empty file.

        Returns:
            Whether it was done; False leaves the target empty.

        Raises:
            AgentError: as ``open``.
        """
        with _opened(self.root, self.name) as file:
            try:
                fcntl.ioctl(target, _FICLONE, file)
            except OSError as error:
                if error.errno in _NO_CLONES:
                    return False
                raise
            return True
