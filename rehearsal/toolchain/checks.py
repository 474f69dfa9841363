"""What doctor looks at: every function gives rows, and none of them changes anything."""

from __future__ import annotations

import os
import re
import resource
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from rehearsal.toolchain.errors import PreconditionError, ToolchainError
from rehearsal.toolchain.go import find_go
from rehearsal.toolchain.plugins import PLUGINS, look
from rehearsal.toolchain.probe import LANGUAGE_HOST, real_language_host, version_of
from rehearsal.toolchain.standin import is_stand_in
from rehearsal.toolchain.tools import find_tool, read_selection
from rehearsal.toolchain.versions import TOOLS, dotted

if TYPE_CHECKING:
    from rehearsal.toolchain.paths import Paths

_SETUP = "run `make setup`"
_PIN = re.compile(r"([A-Za-z0-9_.-]+)==(\S+)")
_OPEN_FILES = 4096  # etcd and the API server keep a few thousand connections and watches open in a large rehearsal


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        name: What was looked at.
        version: Its version, or `-`.
        origin: PATH, official, built, stand-in or `-`.
        path: Where it is.
        problem: What is wrong; empty when nothing is.
        fix: What to do about it.
        needed: Whether the problem stops a rehearsal.
    """

    name: str
    version: str = "-"
    origin: str = "-"
    path: str = ""
    problem: str = ""
    fix: str = ""
    needed: bool = True


def tools(paths: Paths) -> list[Row]:
    """The programs, each asked for its version."""
    rows: list[Row] = []
    selection = read_selection(paths)
    for name, (group, tool) in TOOLS.items():
        needed, mend = not group.optional, f"run `{group.made_by}`"
        try:
            program = find_tool(name, paths)
        except ToolchainError as error:
            problem = str(error).split(". Fix:")[0] if needed else "not there; only tests of the loaders need it"
            rows.append(Row(name=name, problem=problem, fix=mend, needed=needed))
            continue
        version = version_of(tool, program)
        problem = ""
        if version is None:
            problem = f"{program} does not start or does not say its version"
        elif not tool.suits(version):
            problem = f"{program} is {dotted(version)}, needs {tool.range_text}"
        origin = selection.get(name, {}).get("origin", "cache")
        said = dotted(version) if version else "-"
        seen = {"version": said, "origin": origin, "path": str(program)}
        rows.append(Row(name=name, **seen, problem=problem, fix=mend, needed=needed))
    return rows


def language_host(paths: Paths) -> Row:
    """What runs the Python program for the engine."""
    engine = paths.bin / "pulumi"
    host = real_language_host(engine) if engine.exists() else None
    if host is None:
        return Row(name=LANGUAGE_HOST, problem=f"not beside {engine}", fix=_SETUP)
    origin = "stand-in" if is_stand_in(host) else read_selection(paths).get("pulumi", {}).get("origin", "-")
    return Row(name=LANGUAGE_HOST, origin=origin, path=str(host))


def plugins(paths: Paths) -> list[Row]:
    """The provider plugins of the SDKs that are installed."""
    rows: list[Row] = []
    for name in PLUGINS:
        try:
            found = look(paths, name)
        except ToolchainError as error:
            rows.append(Row(name=f"provider {name}", problem=str(error).split(". Fix:")[0], fix=_SETUP))
            continue
        problem = f"{found.program} is not there" if found.origin == "missing" else ""
        rows.append(
            Row(
                name=f"provider {name}",
                version=found.version,
                origin=found.origin,
                path=str(found.program),
                problem=problem,
                fix=_SETUP,
            )
        )
    return rows


def go() -> Row:
    """Go, which only a build needs."""
    try:
        found = find_go()
    except PreconditionError as error:
        text, _, fix = str(error).partition(". Fix: ")
        return Row(name="go", problem=text, fix=fix, needed=False)  # only a build needs it
    return Row(name="go", version=dotted(found.version), origin="PATH", path=str(found.program))


def packages(paths: Paths) -> list[Row]:
    """Python packages that differ from the pins; nothing for those that agree."""
    rows: list[Row] = []
    for file in ("requirements.txt", "requirements-dev.txt"):
        listing = paths.clone / file
        text = listing.read_text(encoding="utf-8") if listing.exists() else ""
        for name, pin in _pins(text):
            problem = _package_problem(name, pin)
            if problem:
                needed = file == "requirements.txt"
                rows.append(
                    Row(name=name, problem=problem, fix=f"{paths.python} -m pip install -r {file}", needed=needed)
                )
    return rows


def _pins(text: str) -> list[tuple[str, str]]:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [(found[1], found[2]) for line in lines if (found := _PIN.fullmatch(line))]


def _package_problem(name: str, pin: str) -> str:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"not installed, pinned is {pin}"
    return "" if version == pin else f"{version} is installed, pinned is {pin}"


def local(paths: Paths) -> list[Row]:
    """The environment file, this shell, clusters left running, and limits of this machine."""
    return [_environment(paths), *_shell(paths), *_clusters(), *_limits()]


def _environment(paths: Paths) -> Row:
    if paths.environment_file.exists():
        return Row(name="environment", path=str(paths.environment_file))
    return Row(name="environment", problem=f"{paths.environment_file} is not there", fix=_SETUP)


def _shell(paths: Paths) -> list[Row]:
    if str(paths.bin) in os.environ.get("PATH", "").split(os.pathsep) or not paths.environment_file.exists():
        return []
    fix = f"`. {paths.environment_file}` in each new shell"
    return [Row(name="shell", problem="the local environment is not loaded here", fix=fix, needed=False)]


def _clusters() -> list[Row]:
    from rehearsal.cluster import list_clusters  # late: setup, which shares this package, has no use for it

    rows: list[Row] = []
    for cluster in list_clusters():
        problem = f"{'runs' if cluster.running else 'is stopped, its data is kept'}"
        fix = f"if it is not in use: `python -m rehearsal.cluster delete {cluster.name}`"
        rows.append(Row(name=f"cluster {cluster.name}", problem=problem, fix=fix, needed=False))
    return rows


def _limits() -> list[Row]:
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY or limit >= _OPEN_FILES:
        return []
    problem = f"at most {limit} per process, a large rehearsal needs {_OPEN_FILES}"
    return [Row(name="open files", problem=problem, fix="raise `ulimit -n`", needed=False)]
