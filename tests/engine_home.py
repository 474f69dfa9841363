"""A home for the engine in which it writes no log of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_engine_home(home: Path, plugins: Path | None = None) -> Path:
    """Make a PULUMI_HOME, with the plugins of another one if they are given.

    The engine (3.250) packs a log of its finest level, up to 20 MB a run, into the folder ``logs``: half of its
    processor time. There is no switch for that, but it goes without where it cannot make the folder, so a file has
    that name here (``pkg/logging/encrypted.go``, ``StartLogging``).
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "logs").touch()
    if plugins is not None and not (home / "plugins").is_symlink():
        (home / "plugins").symlink_to(plugins)
    return home
