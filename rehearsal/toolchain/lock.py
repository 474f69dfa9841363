"""One setup at a time. The kernel frees the lock when its holder ends, however it ends, so none can go stale."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path


@contextmanager
def exclusive(path: Path, waiting: Callable[[str], None], poll_seconds: float = 0.5) -> Generator[None]:
    """Holds the lock file while the block runs.

    Args:
        path: The lock file; it stays, only the kernel's lock on it counts.
        waiting: Called with one line that names the holder, each time the lock is found taken.
        poll_seconds: Pause between tries.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as handle:
        while not _try(handle.fileno()):
            waiting(_holder(path))
            time.sleep(poll_seconds)
        handle.truncate(0)
        json.dump({"pid": os.getpid(), "since": time.time()}, handle)
        handle.flush()
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> str:
    try:
        holder = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        since = time.strftime("%H:%M:%S", time.localtime(float(holder["since"])))
        return f"waiting for another setup: process {int(holder['pid'])}, running since {since} (lock {path})"
    except (ValueError, KeyError, TypeError):  # read in the moment between the lock and its text
        return f"waiting for another setup (lock {path})"
