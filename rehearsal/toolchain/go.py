"""The Go toolchain of this machine: is it there, is it new enough, is there room for a build."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.toolchain.errors import PreconditionError
from rehearsal.toolchain.paths import Paths
from rehearsal.toolchain.versions import Version, dotted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rehearsal.toolchain.versions import Group

_GIB = 1 << 30
_TOOLS_GIB = 0.4  # the programs of the largest group
_FETCHES_ITSELF: Version = (
    1,
    21,
    0,
)  # from here on Go fetches a newer toolchain by itself (https://go.dev/doc/toolchain)
_TIMEOUT_SECONDS = 60.0
_NUMBER = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, kw_only=True)
class Go:
    """What `go env` says.

    Attributes:
        program: The `go` command.
        version: Its version.
        toolchain: `GOTOOLCHAIN`; `local` forbids fetching a newer one.
        build_cache: `GOCACHE`.
        module_cache: `GOMODCACHE`.
    """

    program: Path
    version: Version
    toolchain: str
    build_cache: Path
    module_cache: Path


def find_go(environment: Mapping[str, str] | None = None) -> Go:
    """Finds Go on PATH, with the user's own settings.

    Raises:
        PreconditionError: There is no Go, or it does not answer.
    """
    env = dict(os.environ if environment is None else environment)
    program = shutil.which("go", path=env.get("PATH"))
    if program is None:
        raise PreconditionError(
            "building from source needs Go, and `go` is not on PATH. Fix: https://go.dev/doc/install"
        )
    names = ("GOVERSION", "GOTOOLCHAIN", "GOCACHE", "GOMODCACHE")
    try:
        answer = subprocess.run(
            [program, "env", *names],
            cwd="/",  # outside any module, so that it speaks of itself and fetches nothing
            env=env,
            capture_output=True,
            text=True,
            check=True,
            timeout=_TIMEOUT_SECONDS,
        ).stdout.splitlines()
        version, toolchain, build_cache, module_cache = answer
        number = parse_go(version)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise PreconditionError(
            f"{program} does not answer `go env`: {error}. Fix: repair the Go installation"
        ) from error
    return Go(
        program=Path(program),
        version=number,
        toolchain=toolchain,
        build_cache=Path(build_cache),
        module_cache=Path(module_cache),
    )


def parse_go(text: str) -> Version:
    """`go1.26` or `1.25.11` as numbers; raises ValueError for other text."""
    found = _NUMBER.search(text)
    if found is None:
        raise ValueError(f"no Go version in {text!r}")
    return (int(found[1]), int(found[2]), int(found[3] or 0))


def needed_go(group: Group) -> Version:
    """The Go version that the `go.mod` of a group asks for."""
    module = Paths.module(group.name) / "go.mod"
    lines = module.read_text(encoding="utf-8").splitlines()
    return parse_go(next(line for line in lines if line.startswith("go ")))


def check_go(go: Go, groups: Sequence[Group]) -> None:
    """Refuses a Go that cannot build these groups.

    Raises:
        PreconditionError: It is too old and may not or cannot fetch a newer one.
    """
    for group in groups:
        needed = needed_go(group)
        fetches = go.toolchain != "local" and go.version >= _FETCHES_ITSELF
        if go.version < needed and not fetches:
            raise PreconditionError(
                f"building {group.name} {group.version} needs Go {dotted(needed)}; {go.program} is "
                f"{dotted(go.version)} and GOTOOLCHAIN={go.toolchain} keeps it from fetching a newer one. "
                "Fix: install a newer Go (https://go.dev/doc/install) or set GOTOOLCHAIN=auto"
            )


def check_space(go: Go, groups: Sequence[Group], cache: Path, environment: Mapping[str, str] | None = None) -> None:
    """Refuses to start a build that would fill the disk.

    Raises:
        PreconditionError: Names the file system, what is free, what is needed and the fix.
    """
    env = os.environ if environment is None else environment
    if env.get("SLIPWAY_SKIP_SPACE_CHECK"):
        return
    needs: dict[int, tuple[Path, float]] = {}
    for folder, gib in ((go.build_cache, sum(group.build_gib for group in groups)), (cache, _TOOLS_GIB * len(groups))):
        place = next(parent for parent in (folder, *folder.parents) if parent.exists())
        device = place.stat().st_dev
        needs[device] = (place, needs.get(device, (place, 0.0))[1] + gib)
    for place, gib in needs.values():
        free = shutil.disk_usage(place).free / _GIB
        if free < gib:
            raise PreconditionError(
                f"building {', '.join(group.name for group in groups)} needs up to {gib:.1f} GiB at {place}, "
                f"{free:.1f} GiB are free. Fix: free some, or point GOCACHE and XDG_CACHE_HOME to a larger disk; "
                "with a warm Go cache less is enough: SLIPWAY_SKIP_SPACE_CHECK=1 skips this check"
            )
