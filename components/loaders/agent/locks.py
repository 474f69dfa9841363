"""Locks on files (``flock``): the kernel drops them when the holder dies, on NFS 4 the server does."""

import errno
import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from .deadline import Deadline
from .errors import DeadlineError, LockError
from .logs import Log

POLL_SECONDS: Final = 0.2
"""Pause between two tries for a lock that another process holds."""

_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


def try_lock(descriptor: int) -> bool | None:
    """Take an exclusive lock if it is free.

    Returns:
        True if taken, False if another process holds it, None if this volume has no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return False
        raise
    return True


@contextmanager
def locked(path: Path, deadline: Deadline, log: Log) -> Generator[None]:
    """Hold the lock on a file, waiting for it; without locks on the volume, go on and say so.

    Locks only save work and order clean-up. That no reader sees a part of a model rests on renames alone.

    Raises:
        LockError: another process held it until the deadline.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        taken = try_lock(descriptor)
        if taken is None:
            log.warning("no-locks", path=str(path), why="this volume has no file locks; two loaders may work twice")
        elif not taken:
            log.info("waiting", path=str(path), why="another loader is at work on this")
            _wait(descriptor, path, deadline)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, deadline: Deadline) -> None:
    try:
        while try_lock(descriptor) is False:
            deadline.sleep(POLL_SECONDS)
    except DeadlineError as error:
        raise LockError(f"{path}: another loader held this lock until the deadline") from error


@contextmanager
def free(path: Path) -> Generator[bool]:
    """Hold the lock on a file if no one else does, without waiting; yield whether it is held.

    Without locks on the volume it counts as held.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield try_lock(descriptor) is not False
    finally:
        os.close(descriptor)
