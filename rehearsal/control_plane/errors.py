"""What can go wrong with a rehearsal cluster.

ClusterError
└── ComponentError  one component died or never became ready
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN_LINES = 12
_SHOWN_LINE_LENGTH = 300


class ClusterError(RuntimeError):
    """A rehearsal cluster could not be made, found or removed; the text says what, where and the fix."""


class ComponentError(ClusterError):
    """A component of the control plane failed; the text ends with the last lines of its log."""

    def __init__(self, component: str, what: str, log_path: Path) -> None:
        self.component = component
        self.log_path = log_path
        super().__init__(f"{component} {what}. Last lines of {log_path}:\n{last_lines(log_path)}")


def last_lines(path: Path, count: int = _SHOWN_LINES) -> str:
    """Return the last lines of a log file, cut to a readable length, or a word on why there are none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        return f"  (no log: {error.strerror})"
    shown = [f"  {line[:_SHOWN_LINE_LENGTH]}" for line in lines if line.strip()][-count:]
    return "\n".join(shown) or "  (the log is empty)"
