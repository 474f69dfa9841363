"""Says what runs, which step of how many, how long it took and how long it may still take."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

_QUIET_SECONDS = 15.0  # a line this often where the output is a file or a CI log
_TERMINAL_SECONDS = 0.5


def clock(seconds: float) -> str:
    """`75` as `1m15s`."""
    whole = max(0, round(seconds))
    return f"{whole // 60}m{whole % 60:02d}s" if whole >= 60 else f"{whole}s"  # noqa: PLR2004 - seconds in a minute


@dataclass
class Progress:
    """Progress of one setup run.

    Attributes:
        total: Number of steps.
        stream: Where lines go; a terminal gets one line that is rewritten in place.
        scale: How this machine compares with the figures of the table; learned from each finished build.
    """

    total: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    scale: float = 1.0
    step: int = 0
    _label: str = ""
    _estimate: float = 0.0
    _later: float = 0.0
    _started: float = 0.0
    _shown: float = 0.0
    _width: int = 0

    def begin(self, label: str, estimate_seconds: float = 0.0, later_seconds: float = 0.0) -> None:
        """Starts the next step; estimates are those of the table, for this step and for all that follow."""
        self.step += 1
        self._label, self._estimate, self._later = label, estimate_seconds, later_seconds
        self._started = time.monotonic()
        self._shown = 0.0
        self.tick()

    @property
    def elapsed_seconds(self) -> float:
        """Time since this step began."""
        return time.monotonic() - self._started

    def tick(self, detail: str = "") -> None:
        """Shows where the step stands, if it is time to."""
        if not self._due():
            return
        parts = [
            f"[{self.step}/{self.total}] {self._label}",
            f"{clock(self.elapsed_seconds)} elapsed",
            detail,
            self._left(),
        ]
        self._write(", ".join(part for part in parts if part), keep=False)

    def wait(self, text: str) -> None:
        """Shows what is waited for, before any step began, if it is time to."""
        if self._due():
            self._write(text, keep=False)

    def _due(self) -> bool:
        now = time.monotonic()
        pause = _TERMINAL_SECONDS if self.stream.isatty() else _QUIET_SECONDS
        due = not self._shown or now - self._shown >= pause
        self._shown = now if due else self._shown
        return due

    def _left(self) -> str:
        if not self._estimate:
            return ""
        left = self._estimate * self.scale - self.elapsed_seconds
        later = self._later * self.scale
        text = f"about {clock(left)} left" if left > 0 else "longer than estimated"
        return text + (f", about {clock(max(left, 0) + later)} for all" if later else "")

    def learn(self, estimate_seconds: float) -> None:
        """Takes the finished step as the measure of this machine; a warm Go cache makes it small, never zero."""
        if estimate_seconds:
            self.scale = max(0.02, self.elapsed_seconds / estimate_seconds)

    def done(self, text: str) -> None:
        """Ends the step with a line that stays."""
        self._write(f"[{self.step}/{self.total}] {text} ({clock(self.elapsed_seconds)})", keep=True)

    def say(self, text: str) -> None:
        """A line that stays."""
        self._write(text, keep=True)

    def _write(self, text: str, *, keep: bool) -> None:
        if self.stream.isatty():
            if not keep:  # a line that wraps could not be rewritten in place
                text = text[: shutil.get_terminal_size().columns - 1]
            self.stream.write("\r" + text.ljust(self._width) + ("\n" if keep else ""))
            self._width = 0 if keep else len(text)
        else:
            self.stream.write(text + "\n")
        self.stream.flush()
