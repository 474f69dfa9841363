"""How far a load is: bytes, rate, estimate; one log line every few seconds."""

import threading
import time
from collections.abc import Callable
from typing import Final

from .logs import Log

EVERY_SECONDS: Final = 5.0
"""Pause between two progress lines."""


class Progress:
    """Counts bytes that came over the network.

    Args:
        log: where lines go.
        total_bytes: what the load has to move.
        on_bytes: told every number of bytes as well.
    """

    def __init__(self, log: Log, total_bytes: int, on_bytes: Callable[[int], None] | None = None) -> None:
        self._on_bytes = on_bytes
        self._log = log
        self.total_bytes = total_bytes
        self._start = self._last = time.monotonic()
        self._lock = threading.Lock()
        self.moved_bytes = 0

    def add(self, count: int) -> None:
        """Count bytes; write a line if one is due."""
        if self._on_bytes is not None:
            self._on_bytes(count)
        with self._lock:
            self.moved_bytes += count
            now = time.monotonic()
            if now - self._last < EVERY_SECONDS:
                return
            self._last = now
            rate = self.moved_bytes / (now - self._start)
        left = max(0, self.total_bytes - self.moved_bytes)
        self._log.info(
            "progress",
            bytes=self.moved_bytes,
            total_bytes=self.total_bytes,
            bytes_per_second=round(rate),
            left_seconds=round(left / rate) if rate else None,
        )

    def elapsed_seconds(self) -> float:
        """Return the time since counting began."""
        return time.monotonic() - self._start
