"""Remembers since when each object waits, so that it is served at a set age or never."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NEVER = math.inf


def parse_delay(text: str) -> float:
    """Read seconds, or "never".

    Raises:
        ValueError: Neither, or below zero.
    """
    seconds = NEVER if text == "never" else float(text)
    if math.isnan(seconds) or seconds < 0:
        raise ValueError(f"{text!r} is not a number of seconds from 0 up, or never")
    return seconds


class Waiting:
    """The waiting objects of one kind; `delay_seconds` may be NEVER, `clock` counts seconds."""

    def __init__(self, delay_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._delay_seconds = delay_seconds
        self._clock = clock
        self._since: dict[str, float] = {}

    def due(self, waiting: Iterable[str]) -> tuple[set[str], float]:
        """Split what waits now: what is due, and the seconds until the next one is (NEVER when none will be).

        Whatever waited before and is not named any more is forgotten.
        """
        now = self._clock()
        self._since = {uid: self._since.get(uid, now) for uid in waiting}
        left = {uid: since + self._delay_seconds - now for uid, since in self._since.items()}
        later = [seconds for seconds in left.values() if seconds > 0]
        return {uid for uid, seconds in left.items() if seconds <= 0}, min(later, default=NEVER)
