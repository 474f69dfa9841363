"""Looks at programs that are already there."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.toolchain.versions import dotted, parse_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearsal.toolchain.versions import Tool, Version

_TIMEOUT_SECONDS = 20.0
LANGUAGE_HOST = "pulumi-language-python"


@dataclass(frozen=True)
class OnPath:
    """What PATH offers for a tool: the path where it suits, else why it does not."""

    path: Path | None
    version: Version | None
    reason: str


def version_of(tool: Tool, program: Path) -> Version | None:
    """Asks a program for its version; None when it does not start or does not say."""
    try:
        answer = subprocess.run(
            [str(program), *tool.version_args],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(answer.stdout)


def search_path(environment: Mapping[str, str], *own: Path) -> str:
    """PATH without the toolchain's own folders, which would find what this code put there itself."""
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder and not _inside(Path(folder), own))


def _inside(folder: Path, own: tuple[Path, ...]) -> bool:
    resolved = folder.resolve()
    return any(resolved.is_relative_to(root) for root in own)


def find_on_path(tool: Tool, path: str) -> OnPath:
    """Looks a tool up on a search path and says whether its version suits.

    An engine without its Python language host cannot run a Python program, so it does not suit either.
    """
    found = shutil.which(tool.name, path=path)
    if found is None:
        return OnPath(None, None, "not on PATH")
    program = Path(found)
    version = version_of(tool, program)
    if version is None:
        return OnPath(None, None, f"{found} does not say its version")
    if not tool.suits(version):
        return OnPath(None, version, f"{found} is {dotted(version)}, needs {tool.range_text}")
    if tool.name == "pulumi" and real_language_host(program) is None:
        return OnPath(None, version, f"{found} has no {LANGUAGE_HOST} beside it")
    return OnPath(program, version, "")


def real_language_host(pulumi: Path) -> Path | None:
    """The language host that an official installation keeps beside the engine, or None."""
    host = pulumi.resolve().parent / LANGUAGE_HOST
    return host if os.access(host, os.X_OK) else None
