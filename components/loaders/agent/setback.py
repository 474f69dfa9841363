"""A version that was tried and failed: when it is tried again."""

import random
import time
from dataclasses import dataclass
from typing import Final

PAUSES_SECONDS: Final = (60.0, 3600.0)
"""First and longest pause before a version that cannot be used is tried again; it doubles with every failure."""

_RANDOM: Final = random.SystemRandom()


@dataclass(frozen=True, kw_only=True, slots=True)
class Setback:
    """What is remembered of a failed version; another version makes a new start.

    Attributes:
        key: the version.
        failures: in a row.
        over_at: time (monotonic, seconds) from which it is tried again.
    """

    key: str
    failures: int
    over_at: float

    @classmethod
    def after(cls, before: "Setback | None", key: str, *, passing: bool) -> "Setback":
        """Return the setback after one more failure.

        Args:
            before: what was remembered so far.
            key: the version that failed.
            passing: whether it may help by itself, a network that comes back for instance: then the next look tries
                again. Else the pause grows, and is shortened by chance so that a fleet does not try at once.
        """
        failures = 1 + (before.failures if before is not None and before.key == key else 0)
        first, longest = PAUSES_SECONDS
        ceiling = 0.0 if passing else min(longest, first * 2.0 ** min(failures - 1, 10))
        return cls(key=key, failures=failures, over_at=time.monotonic() + ceiling * _RANDOM.uniform(0.5, 1.0))

    def is_over(self) -> bool:
        """Return whether it may be tried again."""
        return time.monotonic() >= self.over_at
