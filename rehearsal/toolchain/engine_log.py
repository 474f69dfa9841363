"""Keeps the engine from writing a log of its own for local stacks.

The engine (3.250) packs a log of its finest level, up to 20 MB a run, into the folder ``logs`` of its home. There is no
switch for that, but it goes without where it cannot make the folder, so a file has that name
(``pkg/logging/encrypted.go``, ``StartLogging``).
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

WHY: Final = "Slipway: a file in place of the folder keeps the engine from writing a log; see docs/rehearsal.md\n"


def keep_from_logging(pulumi_home: Path) -> None:
    """Put a file where the engine would make its folder, removing what it logged before."""
    logs = pulumi_home / "logs"
    if logs.is_dir() and not logs.is_symlink():
        shutil.rmtree(logs)
    if not logs.exists():
        logs.write_text(WHY)
