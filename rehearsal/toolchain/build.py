"""Builds a group from its pinned Go modules."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from rehearsal.toolchain.errors import BuildError
from rehearsal.toolchain.paths import Paths
from rehearsal.toolchain.run import log_tail, run_logged
from rehearsal.toolchain.versions import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rehearsal.toolchain.go import Go
    from rehearsal.toolchain.versions import Group


def recipe(group: Group) -> str:
    """A fingerprint of all that decides what a build makes, save the Go version."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update((Paths.module(group.name) / name).read_bytes())
    digest.update(group.link_flags.encode())
    return digest.hexdigest()[:16]


def build(
    group: Group, tools: tuple[str, ...], staging: Path, *, go: Go, log: Path, tick: Callable[[], None]
) -> dict[str, str]:
    """Puts each tool at `staging/<tool>/bin/<tool>` and returns the Go package of each.

    One `go build` makes all of them, since they share most packages. Go's own cache keeps what was compiled, so a
    build that was interrupted goes on where it stopped.

    Raises:
        BuildError: The build failed; the text has the end of the log and its path.
    """
    packages = {tool: TOOLS[tool][1].package for tool in tools}
    environment = {**os.environ, "GOWORK": "off"}  # a workspace file above the clone must not change what is built
    out = staging / "out"
    out.mkdir()
    # With one package the file name is given: Go would name etcd's `server`.
    target = out / tools[0] if len(tools) == 1 else out
    command = [str(go.program), "build", "-trimpath", "-ldflags", group.link_flags, "-o", f"{target}"]
    if len(tools) > 1:
        command[-1] += os.sep
    code = run_logged(
        [*command, *packages.values()], cwd=Paths.module(group.name), log=log, environment=environment, tick=tick
    )
    missing = [tool for tool in tools if not (out / tool).is_file()]
    if code or missing:
        raise BuildError(_explain(group, code, log))
    for tool in tools:
        folder = staging / tool / "bin"
        folder.mkdir(parents=True)
        (out / tool).rename(folder / tool)
    return packages


def _explain(group: Group, code: int, log: Path) -> str:
    tail = log_tail(log)
    fix = "Fix: read the log; `make setup` goes on from what is compiled already"
    if "no space left on device" in tail:
        fix = "Fix: free disk space (`go clean -cache` empties Go's cache), then run `make setup` again"
    elif code < 0:
        fix = f"It was ended by signal {-code} (out of memory?). Fix: run `make setup` again; GOFLAGS=-p=1 takes less"
    return f"building {group.name} {group.version} failed with code {code}; log: {log}\n{tail}\n{fix}"
