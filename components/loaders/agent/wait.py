"""``wait``: until someone else has brought a version; needs neither network nor credentials nor a writable volume."""

import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from .deadline import Deadline
from .errors import DeadlineError, DiskError
from .logs import Log
from .store import Store

POLL_SECONDS: Final = 0.5
"""Pause between two looks at the volume: they cost it next to nothing."""

SAY_SECONDS: Final = 15.0
"""Pause between two log lines."""


def _enter(path: Path) -> None:
    """See whether this user may look; if not, what is there would seem to be missing until the deadline.

    Raises:
        DiskError: a directory on the way is closed.
    """
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.stat()  # ``is_dir`` fails too, but says "not there" from Python 3.14 on
    except PermissionError as error:
        raise DiskError(
            f"{path}: {error.strerror}; this user may not look there, so open the volume and the directories "
            "on the way for everybody (mode 0755)"
        ) from error


def _found(store: Store, link: str, key: str, checks: Collection[str]) -> str:
    _enter(store.path(key or link))
    there = (key if store.has(key) else "") if key else store.current()
    return there if there and store.checks_passed(there).issuperset(checks) else ""


def wait(  # what is waited for, and where
    into: Path, link: str, key: str, checks: Collection[str], deadline: Deadline, log: Log
) -> None:
    """Return once the version is there, complete.

    Args:
        into: directory with the store.
        link: name of the link that must name a version, if no key is given.
        key: the version; empty for whatever the link names.
        checks: names of checks it must have passed, as its receipt has them.
        deadline: bounds the wait.
        log: told what is waited for.

    Raises:
        DeadlineError: it did not come.
        DiskError: this user may not look.
    """
    store = Store(into, link, deadline, log)
    what = f"version {key}" if key else f"whatever {into / link} names"
    started = time.monotonic()
    said = started - SAY_SECONDS
    while not (found := _found(store, link, key, checks)):
        now = time.monotonic()
        if now - said >= SAY_SECONDS:
            said = now
            log.info(
                "waiting", what=what, into=str(into), seconds=round(now - started), store=(into / ".store").is_dir()
            )
        try:
            deadline.sleep(POLL_SECONDS)
        except DeadlineError:
            raise DeadlineError(
                f"{what} was not in {into} within {time.monotonic() - started:.0f} s; look at the loader that brings it"
            ) from None
    log.info("there", key=found, path=str(store.path(found)), seconds=round(time.monotonic() - started, 1))
