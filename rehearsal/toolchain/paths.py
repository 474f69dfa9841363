"""Where the toolchain keeps things: the clone, its `.slipway` folder, and the cache shared by all clones."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # Python's names to Go's


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The three roots; every other path is derived.

    Attributes:
        clone: The work tree this code runs from.
        home: Local state of the clone (`.slipway`, or `SLIPWAY_HOME`).
        cache: Tools by version, outside the clone (`$XDG_CACHE_HOME/slipway`).
    """

    clone: Path
    home: Path
    cache: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Paths:
        """Reads `SLIPWAY_HOME` and `XDG_CACHE_HOME`; links are resolved, so that the engine sees one name per file."""
        env = os.environ if environment is None else environment
        clone = Path(__file__).resolve().parents[2]
        cache = Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        home = Path(env.get("SLIPWAY_HOME") or clone / ".slipway")
        return cls(clone=clone, home=home.expanduser().resolve(), cache=cache.expanduser().resolve() / "slipway")

    @property
    def bin(self) -> Path:
        """Goes first on PATH."""
        return self.home / "bin"

    @property
    def logs(self) -> Path:
        """Logs of builds and downloads."""
        return self.home / "logs"

    @property
    def pulumi_home(self) -> Path:
        """`PULUMI_HOME`: plugins and credentials of the local engine."""
        return self.home / "pulumi"

    @property
    def environment_file(self) -> Path:
        """The shell file to source."""
        return self.home / "env"

    @property
    def selection(self) -> Path:
        """What the last setup chose for each tool."""
        return self.home / "tools.json"

    @property
    def python(self) -> Path:
        """The interpreter of the clone's virtual environment, else the one that runs now."""
        venv = self.clone / ".venv" / "bin" / "python"
        return venv if venv.exists() else Path(sys.executable)

    @staticmethod
    def module(group: str) -> Path:
        """The folder with the pinned `go.mod` and `go.sum` of a group."""
        return Path(__file__).resolve().parent / "modules" / group


def platform_name() -> tuple[str, str]:
    """Operating system and architecture by their Go names, such as `("linux", "amd64")`."""
    machine = platform.machine().lower()
    return platform.system().lower(), _ARCHITECTURES.get(machine, machine)
