"""The cache of tools: one folder per tool, version and platform, published by a single rename.

A folder counts only with a manifest that was written last, and only while every file has the size the manifest
records; whatever a killed process left behind has no manifest and is never used.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from rehearsal.toolchain.paths import platform_name
from rehearsal.toolchain.versions import TOOLS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MANIFEST = ".ok"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a published folder holds.

    Attributes:
        tool: Name of the program, found at `bin/<tool>`.
        version: Its version, without a leading v.
        origin: `official` or `built`.
        source: Address or Go module it came from.
        recipe: Fingerprint of what it was built from; another fingerprint means build again.
        files: Size in bytes by path inside the folder.
        made_at: Seconds since the epoch.
    """

    tool: str
    version: str
    origin: str
    source: str
    recipe: str
    files: dict[str, int]
    made_at: float


@dataclass(frozen=True)
class Store:
    """The cache under one root folder."""

    root: Path

    def folder(self, tool: str) -> Path:
        """Where the pinned version of a tool lives on this platform."""
        group, _ = TOOLS[tool]
        return self.root / "tools" / tool / "-".join((group.version, *platform_name()))

    def program(self, tool: str) -> Path:
        """The program inside that folder."""
        return self.folder(tool) / "bin" / tool

    def read(self, tool: str) -> Manifest | None:
        """The manifest of a whole, untouched folder; None for anything else."""
        folder = self.folder(tool)
        try:
            fields = cast("dict[str, Any]", json.loads((folder / _MANIFEST).read_text(encoding="utf-8")))
            manifest = Manifest(**fields)
            whole = all((folder / name).stat().st_size == size for name, size in manifest.files.items())
        except (OSError, ValueError, TypeError):
            return None  # not there, cut short or from another layout: made again
        return manifest if whole and f"bin/{tool}" in manifest.files else None

    def staging(self, group: str) -> Path:
        """A fresh folder for files that are not finished; call with the lock held."""
        folder = self.root / "staging" / f"{group}-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def sweep(self) -> None:
        """Removes what killed processes left; call with the lock held, since it takes every staging folder."""
        shutil.rmtree(self.root / "staging", ignore_errors=True)

    def publish(self, tool: str, staged: Path, names: Sequence[str], *, origin: str, source: str, recipe: str) -> Path:
        """Makes a staged folder the cached tool and returns the program.

        Args:
            tool: The tool it is for.
            staged: Folder with `bin/`, on the file system of the store.
            names: Paths inside it that belong to the tool.
            origin: `official` or `built`.
            source: Where it came from, for people.
            recipe: Fingerprint, see Manifest.
        """
        files = {name: (staged / name).stat().st_size for name in names}
        for name in names:
            (staged / name).chmod(0o755)
            _flush(staged / name)
        manifest = Manifest(
            tool=tool,
            version=TOOLS[tool][0].version,
            origin=origin,
            source=source,
            recipe=recipe,
            files=files,
            made_at=time.time(),
        )
        (staged / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=2), encoding="utf-8")
        _flush(staged / _MANIFEST)
        target = self.folder(tool)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # broken, or from an older recipe: step aside first, a folder cannot be replaced in place
            target.rename(self.staging(f"old-{tool}") / "replaced")
        staged.rename(target)
        return self.program(tool)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
