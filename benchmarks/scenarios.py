"""What the loader's benchmark tries: cold loads beside others, then what a load may cost when little has changed."""

from __future__ import annotations

import signal
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from benchmarks.contenders import (
    FLOORS,
    IMAGE_TOOLS,
    SCRIPTS,
    Cost,
    Failed,
    Tools,
    agent_command,
    agent_env,
    agent_start,
    own_peak_mib,
    run,
    run_agent,
    run_script,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.artifacts import Artifact, Form
    from benchmarks.bench_folder import Bench

AGENT = "slipway agent"
_POLL_SECONDS = 0.01
_STARTS = 5
_LIMITED: Final[tuple[tuple[Form, int], ...]] = (("raw", 1), ("raw", 8), ("tar", 8), ("tar", 64))


@dataclass(slots=True)
class Case:
    """Cold loads of one artifact.

    Attributes:
        form: of its layers.
        layers: how many.
        costs: by contender and floor, one per round.
        missing: why a contender has no figures.
    """

    form: Form
    layers: int
    costs: dict[str, list[Cost]] = field(default_factory=dict[str, list[Cost]])
    missing: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was measured once.

    Attributes:
        what: was tried.
        found: with its unit.
        budget: what it should be, or nothing.
    """

    what: str
    found: str
    budget: str = ""


def median_seconds(case: Case, name: str) -> float:
    """Return the median time of a contender or floor, seconds."""
    return statistics.median(cost.wall_seconds for cost in case.costs[name])


def cold(bench: Bench, form: Form, layers: int, rounds: int, tools: Tools) -> Case:
    """Load one artifact with everyone, round by round, each round beginning with another."""
    artifact = bench.factory.artifact(form, layers)
    # An image holds archives only: the nearest to a raw file is the same file in a tar without compression.
    image = bench.factory.artifact("tar", layers) if form == "raw" else artifact
    more = {"CONTENT": str(bench.factory.content()), "MIB": str(artifact.content_bytes >> 20)}
    scripts = {**{name: script[form] for name, script in SCRIPTS.items()}, **FLOORS}
    case = Case(form, layers)
    if tools.missing or form == "tar":
        case.missing[IMAGE_TOOLS] = tools.missing or "the same artifact as for raw files"

    def load(name: str, into: Path) -> Cost:
        if name == AGENT:
            return run_agent(bench.host, artifact, into)
        chosen = image if name == IMAGE_TOOLS else artifact
        return run_script(scripts[name], bench.host, chosen, into, {**tools.env, **more})

    bench.limit()
    kept = {bench.factory.content(), *bench.factory.paths(artifact), *bench.factory.paths(image)}
    names = [name for name in (AGENT, *scripts) if name not in case.missing]
    for name in _in_turns(names, rounds):
        bench.settle(artifact.content_bytes, kept)
        _once(bench, case, name, artifact, load)
    for name in case.missing:
        case.costs.pop(name, None)
    for made in {artifact.digest: artifact, image.digest: image}.values():
        bench.factory.drop(made)
    return case


def _in_turns(names: Sequence[str], rounds: int) -> Iterator[str]:
    """Yield every name once a round, each round beginning with another."""
    for turn in range(rounds):
        at = turn % len(names)
        yield from (*names[at:], *names[:at])


def _once(bench: Bench, case: Case, name: str, artifact: Artifact, load: Callable[[str, Path], Cost]) -> None:
    with bench.target() as into:
        try:
            cost = load(name, into)
            _check_size(name, into, artifact)
            case.costs.setdefault(name, []).append(cost)
        except Failed as error:
            case.missing[name] = f"failed: {error}"


def _check_size(name: str, into: Path, artifact: Artifact) -> None:
    """Refuse a figure for a load that did not leave all content."""
    found = sum(path.stat().st_size for path in into.rglob("*") if path.is_file() and not path.is_symlink())
    if not name.startswith("link") and found < artifact.content_bytes:
        raise Failed(f"left {found} of {artifact.content_bytes} bytes")


def again_and_changed(bench: Bench) -> list[Fact]:
    """Load eight layers, load them again, load a version with one other layer, switch back."""
    old = bench.factory.artifact("raw", 8)
    new = bench.factory.artifact("raw", 8, fresh=3)
    changed = new.packed_bytes // 8
    with bench.target() as into:
        run_agent(bench.host, old, into)
        bench.limit()
        second = run_agent(bench.host, old, into)
        served = bench.served()
        facts = [
            Fact("second load: bytes moved", str(served.sent_bytes), "0"),
            Fact("second load: requests", str(served.requests), "0"),
            Fact("second load: wall, interpreter start included", f"{second.wall_seconds:.2f} s"),
        ]
        bench.limit()
        run_agent(bench.host, new, into)
        moved = bench.served().sent_bytes
        facts.append(Fact("1 of 8 layers changed: bytes moved ÷ bytes changed", f"{moved / changed:.4f}", "≤ 1.01"))
        back = run_agent(bench.host, old, into)
        facts.append(Fact("switch to a version that is kept: whole process", f"{back.wall_seconds:.2f} s", "≤ 1 s"))
    bench.factory.drop(old)
    bench.factory.drop(new)
    return facts


def broken(bench: Bench, bytes_per_second: int) -> list[Fact]:
    """Load one layer over a slow link that breaks, then with an agent that is killed half way."""
    facts: list[Fact] = []
    for form in ("raw", "tar", "gzip"):
        artifact = bench.factory.artifact(form, 1)
        size = artifact.packed_bytes
        bench.settle(artifact.content_bytes, bench.factory.paths(artifact))
        with bench.target() as into:
            bench.limit(bytes_per_second=bytes_per_second, cuts=5, cut_after_bytes=size // 8)
            cost = run_agent(bench.host, artifact, into)
            served = bench.served()
        link = f"{form} layer, {bytes_per_second >> 20} MiB/s link cut {served.requests - 2} times"
        facts.append(Fact(f"{link}: bytes moved ÷ size", f"{served.sent_bytes / size:.3f}"))
        facts.append(Fact(f"{link}: wall ÷ (size ÷ speed)", f"{cost.wall_seconds / (size / bytes_per_second):.3f}"))
        facts.append(_killed(bench, artifact, form, bytes_per_second))
        bench.factory.drop(artifact)
    bench.limit()
    return facts


def limited(bench: Bench, bytes_per_second: int, rounds: int) -> list[Fact]:
    """Load over a link as fast as a node's, which is slower than the processor, beside the floors of disk and link."""
    facts: list[Fact] = []
    names = (AGENT, "disk, same bytes", "link")
    more = {"CONTENT": str(bench.factory.content())}
    for form, layers in _LIMITED:
        artifact = bench.factory.artifact(form, layers)
        case = Case(form, layers)

        def load(name: str, into: Path, artifact: Artifact = artifact) -> Cost:
            if name == AGENT:
                return run_agent(bench.host, artifact, into)
            return run_script(FLOORS[name], bench.host, artifact, into, more)

        bench.limit(bytes_per_second=bytes_per_second)
        for name in _in_turns(names, rounds):
            bench.settle(artifact.content_bytes, {bench.factory.content(), *bench.factory.paths(artifact)})
            _once(bench, case, name, artifact, load)
        found = "; ".join(case.missing.values())
        if not found:
            agent, *floors = (median_seconds(case, name) for name in names)
            found = f"{agent / max(floors):.3f}"
        what = f"{form}, {layers} layer{'s' * (layers > 1)}, {bytes_per_second >> 20} MiB/s link: time ÷ floor"
        facts.append(Fact(what, found, "≤ 1.15"))
        bench.factory.drop(artifact)
    bench.limit()
    return facts


def slow_connections(bench: Bench, bytes_per_second: int) -> list[Fact]:
    """Load one layer over a link that limits each connection, as storage behind registries often does."""
    artifact = bench.factory.artifact("raw", 1)
    bench.settle(artifact.content_bytes, bench.factory.paths(artifact))
    with bench.target() as into:
        bench.limit(each_bytes_per_second=bytes_per_second)
        cost = run_agent(bench.host, artifact, into)
        moved = bench.served().sent_bytes
    bench.limit()
    bench.factory.drop(artifact)
    what = f"raw layer, each connection {bytes_per_second >> 20} MiB/s"
    alone = artifact.packed_bytes / bytes_per_second
    return [
        Fact(f"{what}: wall ÷ time that one connection needs", f"{cost.wall_seconds / alone:.3f}"),
        Fact(f"{what}: bytes moved ÷ size", f"{moved / artifact.packed_bytes:.3f}"),
    ]


def _killed(bench: Bench, artifact: Artifact, form: Form, bytes_per_second: int) -> Fact:
    size = artifact.packed_bytes
    with bench.target() as into:
        bench.limit(bytes_per_second=bytes_per_second)
        with subprocess.Popen(
            agent_command(bench.host, artifact, into),
            env=agent_env(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as first:
            try:
                while bench.served().sent_bytes < size // 2 and first.poll() is None:
                    time.sleep(_POLL_SECONDS)
            finally:
                first.kill()
        if first.returncode != -signal.SIGKILL:
            return Fact(f"{form} layer, process killed half way", "it ended before it could be killed")
        run_agent(bench.host, artifact, into)
        moved = bench.served().sent_bytes
    return Fact(f"{form} layer, process killed half way and started again: bytes moved ÷ size", f"{moved / size:.3f}")


def memory(bench: Bench, size: int) -> list[Fact]:
    """Load one large layer of zeros, for the peak memory at a size that the cold loads do not reach."""
    artifact = bench.factory.hollow(size)
    bench.limit()
    with bench.target() as into:
        cost = run_agent(bench.host, artifact, into)
    bench.factory.drop(artifact)
    floor = f"; anything below {own_peak_mib():.0f} MiB would not be seen"
    return [Fact(f"peak memory, one layer of {size / 2**30:g} GiB", f"{cost.peak_mib:.0f} MiB{floor}", "≤ 256 MiB")]


def start_up() -> Fact:
    """Measure what every load begins with: the interpreter and the imports."""
    took = [run([*agent_start(), "once", "--help"], agent_env()).wall_seconds for _ in range(_STARTS)]
    return Fact("start of the interpreter with all imports, median", f"{statistics.median(took):.2f} s")


def largest(cases: list[Case]) -> Fact:
    """Return the agent's largest memory over all cold loads."""
    peak = max(cost.peak_mib for case in cases for cost in case.costs[AGENT])
    return Fact("peak memory, largest of all cold loads", f"{peak:.0f} MiB", "≤ 256 MiB")
