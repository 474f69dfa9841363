"""Child processes that end with the host: each leads a process group, and a group is stopped within bounded time."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

# All must be over in the 5 s the engine gives the host between SIGINT and SIGKILL (plugin.go, pulumi sdk v3.250.0).
STOP_SECONDS: Final = ((signal.SIGINT, 2.0), (signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0))
"""Each signal, and how long the group may take before the next one."""
_POLL_SECONDS: Final = 0.02


class Children:
    """The running children of this host."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def start(
        self,
        command: Sequence[str],
        cwd: str | Path,
        *,
        environment: Mapping[str, str] | None = None,
        pipes: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a child in a process group of its own, with a pipe as its stdin.

        Args:
            command: the program and its arguments.
            cwd: the folder it starts in.
            environment: all of its variables; the host's own when omitted.
            pipes: give its stdout and stderr as pipes; else they are the host's own, which the engine shows.

        Raises:
            OSError: the program cannot be started, or the host is stopping.
        """
        out = subprocess.PIPE if pipes else None
        with self._lock:
            if self._closed:
                raise OSError("the language host is stopping and starts no program any more")
            child = subprocess.Popen(
                command, cwd=cwd, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out, process_group=0
            )
            self._running.add(child)
        return child

    def forget(self, child: subprocess.Popen[bytes]) -> None:
        """Give up a child that has ended, and close its stdin."""
        with self._lock:
            self._running.discard(child)
        if child.stdin:
            with contextlib.suppress(BrokenPipeError):  # what was not written has no reader any more
                child.stdin.close()

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        """Stop the child's whole group and forget the child; takes at most the sum of `STOP_SECONDS`."""
        for number, seconds in STOP_SECONDS:
            try:
                os.killpg(child.pid, number)
            except ProcessLookupError:
                break
            if _gone(child, seconds):
                break
        self.forget(child)

    def stop_all(self, *, for_good: bool = False) -> None:
        """Stop every child at once; ``for_good`` refuses new ones too."""
        with self._lock:
            self._closed = self._closed or for_good
            running = list(self._running)
        threads = [threading.Thread(target=self.stop, args=(child,)) for child in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _gone(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait until every process of the child's group is gone and reaped; False when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        child.poll()  # reaps it: a dead leader that nobody reaped would keep the group alive
        try:
            os.killpg(child.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(_POLL_SECONDS)
    return False
