"""The time a load may take, the pause between attempts, and the wish to stop."""

import random
import socket
import threading
import time
import weakref
from contextlib import suppress
from typing import Final

from .errors import AgentError, DeadlineError, NetworkError, StoppedError

BASE_SECONDS: Final = 0.5
"""Longest first pause; it doubles with every failure in a row."""

CAP_SECONDS: Final = 30.0
"""Longest pause whatever the count."""

_RANDOM: Final = random.SystemRandom()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it may not be connected, or be closed already
        # Of the plain socket: that of a TLS connection forgets its state, which another thread is using.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class Deadline:
    """Counts down the whole load and carries the request to stop to every thread.

    Args:
        seconds: total time the load may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._stop = threading.Event()
        self._reason = ""
        self._children: weakref.WeakSet[Deadline] = weakref.WeakSet()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.RLock()  # ``stop`` may come as a signal while this thread holds it

    def watch(self, connection: socket.socket) -> None:
        """Let ``stop`` end whatever this connection waits for, in whichever thread that is."""
        with self._lock:
            self._sockets.add(connection)
            if self._stop.is_set():
                _hang_up(connection)

    def child(self, seconds: float) -> "Deadline":
        """Return a deadline for a part of the work: it ends with this one, this one does not end with it."""
        child = Deadline(min(seconds, self._seconds))  # of the whole, not what is left of it: this is what errors tell
        child._end = min(child._end, self._end)
        with self._lock:
            self._children.add(child)
            if self._stop.is_set():
                child.stop(self._reason)
        return child

    def stop(self, reason: str) -> None:
        """Make every later ``check`` raise, here and in every part."""
        with self._lock:
            self._reason = self._reason or reason
            self._stop.set()
            children = list(self._children)
            connections = list(self._sockets)
        for child in children:
            child.stop(reason)
        for connection in connections:
            _hang_up(connection)

    def check(self) -> None:
        """Raise if the load has to end now.

        Raises:
            StoppedError: ``stop`` was called.
            DeadlineError: the time is over.
        """
        if self._stop.is_set():
            raise StoppedError(f"stopped: {self._reason}")
        if time.monotonic() >= self._end:
            raise DeadlineError(
                f"the load did not finish within --deadline-seconds {self._seconds:g}; "
                "what was moved is kept where possible, run again or raise the deadline"
            )

    def timeout_seconds(self, limit_seconds: float) -> float:
        """Return how long one network operation may block."""
        self.check()
        return max(0.01, min(limit_seconds, self._end - time.monotonic()))

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the deadline and not past a request to stop."""
        self._stop.wait(self.timeout_seconds(seconds))
        self.check()

    def back_off(self, failures: int, error: AgentError) -> float:
        """Sleep with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").

        Args:
            failures: failures in a row so far, from 1.
            error: the last one; a server's ``Retry-After`` is the shortest pause.

        Returns:
            The seconds slept.

        Raises:
            DeadlineError: the time is over; it tells the last failure, too.
            StoppedError: ``stop`` was called.
        """
        asked = error.retry_after_seconds if isinstance(error, NetworkError) else 0.0
        ceiling = min(CAP_SECONDS, BASE_SECONDS * 2.0 ** min(failures - 1, 10))
        pause = max(min(asked, CAP_SECONDS), _RANDOM.uniform(0, ceiling))
        try:
            self.sleep(pause)
        except DeadlineError as over:
            raise DeadlineError(f"{over}; the last failure was: {error}") from error
        return pause
