"""One writer at a time per cluster, and one chooser of ports."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
from typing import TYPE_CHECKING

from rehearsal.control_plane.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_POLL_SECONDS = 0.05
_logger = logging.getLogger("rehearsal.cluster")


@contextlib.contextmanager
def locked(path: Path, *, timeout_seconds: float) -> Generator[None]:
    """Hold an exclusive lock on a file; the file is removed at the end, so nothing is left.

    The kernel drops the lock when its holder dies, however it dies.

    Raises:
        ClusterError: Another process held the lock for the whole time.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _acquire(path, time.monotonic() + timeout_seconds)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path, deadline: float) -> int:
    told = False
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"another process (pid {holder}) holds {path}: wait until it is done, or end it"
                ) from None
            if not told:
                _logger.info("waiting for another process (pid %s) that works on this cluster", holder)
                told = True
            time.sleep(_POLL_SECONDS)
            continue
        if _is_still_at(path, descriptor):
            os.truncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return descriptor
        # The holder before us removed the file: what we locked is no longer the file others open.
        os.close(descriptor)


def _is_still_at(path: Path, descriptor: int) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)
