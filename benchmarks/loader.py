"""Times the loader's agent beside ``curl`` + ``tar``, ``skopeo`` + ``umoci`` and the floor of disk and link.

Writes ``docs/loader.svg`` and the section between the marks of ``docs/benchmarks.md``; ``--quick`` writes nothing.
Last line: ``cold_ratio=…``, the agent's median time ÷ the floor for one raw layer, where the floor is the larger of
the medians of writing the same bytes durably (``dd``) and of moving them (``curl -o /dev/null``). The line before it
puts the larger of that and of receiving and checking alone (``curl | openssl dgst``) in the floor's place.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import scenarios  # noqa: E402 - the project's root has to be on the path first
from benchmarks.bench_folder import bench  # noqa: E402 - as above
from benchmarks.contenders import Tools, debian_tools  # noqa: E402 - as above
from benchmarks.loader_report import (  # noqa: E402 - as above
    checked_floor_seconds,
    fact_table,
    floor_seconds,
    section,
    table,
    write_docs,
)

if TYPE_CHECKING:
    from benchmarks.artifacts import Form

MIB = 1 << 20
FORMS: tuple[Form, ...] = ("raw", "gzip", "tar")


def measure(chosen: argparse.Namespace, size: int, rounds: int) -> tuple[list[scenarios.Case], list[scenarios.Fact]]:
    """Measure everything, printing what is there as soon as it is."""
    with bench(chosen.dir, size, full_memory=not chosen.quick) as run:
        print(f"{size >> 20} MiB, {rounds} rounds, in {run.folder}; figures as they come:", flush=True)
        left_out = Tools(missing="left out by --without-debian")
        tools = left_out if chosen.without_debian else debian_tools(run.folder / "tools")
        facts = [scenarios.start_up(), *scenarios.again_and_changed(run)]
        facts += scenarios.broken(run, bytes_per_second=size // (2 if chosen.quick else 10))
        facts += scenarios.limited(run, size * 2 if chosen.quick else size // 4, rounds)
        facts += scenarios.slow_connections(run, bytes_per_second=size // (2 if chosen.quick else 20))
        facts += scenarios.memory(run, 4 * size)
        print(fact_table(facts), flush=True)
        cases: list[scenarios.Case] = []
        for form in FORMS:
            for layers in sorted(chosen.layers):
                cases.append(scenarios.cold(run, form, layers, rounds, tools))
                print(table(cases[-1:], size), flush=True)
        return cases, [*facts, scenarios.largest(cases)]


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, help="folder on the disk to measure; 8 times the size must be free")
    parser.add_argument("--size-mib", type=int, default=2048, help="bytes of the model, MiB; a multiple of 64")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the cold loads")
    parser.add_argument("--layers", type=int, nargs="+", default=[1, 8, 64], help="numbers of layers, divisors of 64")
    parser.add_argument("--without-debian", action="store_true", help="leave out skopeo and umoci")
    parser.add_argument(
        "--quick", action="store_true", help="64 MiB, 2 rounds, memory as it comes; nothing is written to docs"
    )
    chosen = parser.parse_args()
    size, rounds = (64, 2) if chosen.quick else (chosen.size_mib, chosen.rounds)
    if size % 64:
        parser.error("--size-mib is not a multiple of 64")
    cases, facts = measure(chosen, size * MIB, rounds)
    text = section(cases, facts, size * MIB, rounds)
    print(text)
    if not chosen.quick:
        write_docs(ROOT / "docs", text, cases, size * MIB)
    first = cases[0]
    took = scenarios.median_seconds(first, scenarios.AGENT)
    print(f"cold_ratio_checked={took / checked_floor_seconds(first):.2f}")
    print(f"cold_ratio={took / floor_seconds(first):.2f}")


if __name__ == "__main__":
    main()
