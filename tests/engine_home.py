"""A home for the engine in which it writes no log of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.toolchain.engine_log import keep_from_logging

if TYPE_CHECKING:
    from pathlib import Path


def make_engine_home(home: Path, plugins: Path | None = None) -> Path:
    """Make a PULUMI_HOME, with the plugins of another one if they are given."""
    home.mkdir(parents=True, exist_ok=True)
    keep_from_logging(home)
    if plugins is not None and not (home / "plugins").is_symlink():
        (home / "plugins").symlink_to(plugins)
    return home
