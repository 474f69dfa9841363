"""One writer at a time on a shared volume, also where file locks lie.

NFS mounted with ``nolock`` grants ``flock`` to every machine, some FUSE file systems to every mount. What holds
everywhere is that a name is made once: the lease is the file ``<name>.<number>.lock`` with the highest number, made
with ``O_EXCL`` (open(2), NFS 3 and newer).

* To take it, make the next number. Of any number of takers one succeeds. The highest file is never removed, so numbers
  only grow, and nobody ever touches another's file: a taker that slept cannot remove a lease it did not judge.
* The holder touches its file every ``BEAT_SECONDS``. A lease that was silent for ``LEASE_SECONDS`` by the volume's own
  clock may be followed. A holder that could not renew for ``HOLD_SECONDS`` counts itself out before that, and asks
  ``check`` before every step that others see.
* On the same machine nobody waits so long: the holder also holds ``flock`` on its file. If the lock can be had although
  the file names this very machine and file system, the holder is dead.
"""

import os
import re
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Final

from .deadline import Deadline
from .errors import DeadlineError, LockError
from .locks import is_local, owner, try_lock
from .logs import Log

BEAT_SECONDS: Final = 10.0
"""Pause between two renewals."""

LEASE_SECONDS: Final = 60.0
"""Silence after which another machine's lease may be followed: the longest a killed holder can delay the next."""

HOLD_SECONDS: Final = 40.0
"""Time without a renewal after which a holder counts itself out; the rest up to the lease is room for its last step."""

KEPT: Final = 2
"""Lease files that stay: the highest, and the one before, by which a slow taker sees that it came too late."""

_FREE: Final = b"free"
_PAUSES_SECONDS: Final = (0.02, 1.0)
_OWNER_BYTES: Final = 512


def _clock_seconds() -> float:
    """Return a clock that also counts while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def volume_seconds(directory: Path) -> float:
    """Return the volume's time: machines may disagree about the clock, the ages of files on one volume do not."""
    probe = directory / f".clock-{uuid.uuid4().hex[:12]}"
    descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
        probe.unlink(missing_ok=True)


class Lease:
    """The right to write something, for one holder. Not for use by several threads at once.

    Args:
        directory: where its files are.
        name: what it is for.
        log: told about waiting and about leases that were followed.
    """

    def __init__(self, directory: Path, name: str, log: Log) -> None:
        self._directory = directory
        self._name = name
        self._log = log
        self._pattern = re.compile(rf"{re.escape(name)}\.(\d+)\.lock")
        self._number = 0
        self._descriptor = -1
        self._renewed_seconds = 0.0
        self._lost = False
        self._closed = threading.Event()

    def acquire(self, deadline: Deadline) -> None:
        """Wait until it is ours.

        Raises:
            LockError: others held it until the deadline.
        """
        pause, longest = _PAUSES_SECONDS
        waited = False
        try:
            while not self.try_acquire():
                if not waited:
                    waited = True
                    self._log.info("waiting", lease=self._name, why="another loader is at work on this")
                deadline.sleep(pause)
                pause = min(longest, 2 * pause)
        except DeadlineError as error:
            raise LockError(
                f"{self._directory / self._name}: another loader held this lease until the deadline"
            ) from error

    def try_acquire(self) -> bool:
        """Take it if it is free, without waiting, and return whether it was taken."""
        before = self._highest()
        if before and not self._is_free(before):
            return False
        started = _clock_seconds()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path(before + 1), flags, 0o644)
        except FileExistsError:
            return False
        try_lock(descriptor)
        os.pwrite(descriptor, owner(descriptor), 0)
        # Files go in ascending order and only once higher ones are there. So if the one that was judged is still
        # there, its successor was never made before.
        if (before and not self._path(before).exists()) or self._highest() != before + 1:
            os.close(descriptor)
            self._path(before + 1).unlink(missing_ok=True)
            return False
        self._number, self._descriptor = before + 1, descriptor
        self._renewed_seconds = started
        self._lost = False
        self._closed = threading.Event()
        threading.Thread(target=self._beat, args=(self._closed,), daemon=True, name="lease-heartbeat").start()
        self._remove_old()
        return True

    def check(self) -> None:
        """Make sure that it is still ours; ask before every step that others see.

        Raises:
            LockError: this loader was stalled and another one may have followed.
        """
        if self._lost or _clock_seconds() - self._renewed_seconds > HOLD_SECONDS or not self._is_ours():
            self._lost = True
            raise LockError(
                f"{self._directory / self._name}: this loader was stalled and lost its lease; nothing was changed, "
                "another loader may have gone on; run again"
            )

    def release(self) -> None:
        """Give it back, so that the next one need not wait."""
        self._closed.set()
        if self._descriptor >= 0:
            with suppress(OSError):  # then it ends by silence
                os.ftruncate(self._descriptor, 0)
                os.pwrite(self._descriptor, _FREE, 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def _path(self, number: int) -> Path:
        return self._directory / f"{self._name}.{number}.lock"

    def _numbers(self) -> list[int]:
        found = (self._pattern.fullmatch(name) for name in os.listdir(self._directory))  # noqa: PTH208  # names only
        return sorted(int(match[1]) for match in found if match)

    def _highest(self) -> int:
        return max(self._numbers(), default=0)

    def _is_free(self, number: int) -> bool:
        try:
            descriptor = os.open(self._path(number), os.O_RDWR | os.O_CLOEXEC)  # opening also refreshes NFS attributes
        except FileNotFoundError:
            return False  # others have gone on; look again
        try:
            holder = os.pread(descriptor, _OWNER_BYTES, 0)
            if holder == _FREE:
                return True
            silent_seconds = volume_seconds(self._directory) - os.fstat(descriptor).st_mtime
            if silent_seconds > LEASE_SECONDS:
                self._log.warning("lease-followed", lease=self._name, silent_seconds=round(silent_seconds, 1))
                return True
            return self._is_dead_here(descriptor, holder)
        finally:
            os.close(descriptor)

    def _is_dead_here(self, descriptor: int, holder: bytes) -> bool:
        """Return whether the holder ran on this machine, on this mount of the volume, and is gone."""
        if not is_local(holder, descriptor) or not try_lock(descriptor):
            return False
        # Between the reading and the lock the holder may have given it back; it is free either way.
        self._log.info("lease-followed", lease=self._name, why="its holder on this machine has ended")
        return True

    def _is_ours(self) -> bool:
        return self._path(self._number).exists() and not self._path(self._number + 1).exists()

    def _remove_old(self) -> None:
        for number in self._numbers():
            if number <= self._number - KEPT:
                self._path(number).unlink(missing_ok=True)

    def _beat(self, closed: threading.Event) -> None:
        while not closed.wait(BEAT_SECONDS):
            started = _clock_seconds()
            if started - self._renewed_seconds > HOLD_SECONDS:
                self._lost = True  # too late: someone may be following already
                return
            with suppress(OSError):  # a renewal that cannot be written is none
                os.utime(self._path(self._number))  # without a time of ours: the volume's clock
                self._renewed_seconds = started
