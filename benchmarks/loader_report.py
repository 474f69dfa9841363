"""The loader's figures as Markdown and as a picture; a hand-made one, because bars need no plotting library."""

from __future__ import annotations

import math
import os
import platform
import statistics
from typing import TYPE_CHECKING

from benchmarks.contenders import CHECKED
from benchmarks.scenarios import AGENT, Case, Fact, median_seconds

if TYPE_CHECKING:
    from pathlib import Path

BEGIN, END = "<!-- loader: begin -->", "<!-- loader: end -->"
ORDER = (AGENT, "curl + tar", "skopeo + umoci", "disk, same bytes", "disk, zeros", "link", CHECKED)
_COLOURS = ("#35507a", "#8a6427", "#47743a", "#b9c2d0", "#d5dae3", "#e3d9c8", "#cfd8bf")
_ROW, _LEFT, _WIDE = 17, 250, 560


def floor_seconds(case: Case) -> float:
    """Return the larger of the medians of disk and link, seconds."""
    return max(median_seconds(case, "disk, same bytes"), median_seconds(case, "link"))


def checked_floor_seconds(case: Case) -> float:
    """Return the largest of the medians of disk, link and checking, seconds; not a number if that was not measured."""
    return max(floor_seconds(case), median_seconds(case, CHECKED)) if CHECKED in case.costs else math.nan


def _line(case: Case, name: str, size: int) -> str:
    what = f"| {case.form} | {case.layers} | {name} |"
    if name not in case.costs:
        return f"{what} {case.missing.get(name, 'not measured')} | | | | | |"
    walls = sorted(cost.wall_seconds for cost in case.costs[name])
    low, middle, high = statistics.quantiles(walls, n=4, method="inclusive")
    cpu = statistics.median(cost.cpu_seconds for cost in case.costs[name])
    peak = max(cost.peak_mib for cost in case.costs[name])
    rate = size / 2**20 / middle
    return (
        f"{what} {middle:.2f} ({low:.2f} to {high:.2f}) | {rate:.0f} | {middle / floor_seconds(case):.2f} |"
        f" {middle / checked_floor_seconds(case):.2f} | {cpu:.2f} | {peak:.0f} |"
    )


def table(cases: list[Case], size: int) -> str:
    """Return the cold loads as a Markdown table."""
    head = [
        "| form | layers | who | seconds: median (quartiles) | MiB/s | ÷ floor | ÷ checked floor | CPU s | peak MiB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join(head + [_line(case, name, size) for case in cases for name in ORDER])


def section(cases: list[Case], facts: list[Fact], size: int, rounds: int) -> str:
    """Return everything that was found."""
    kernel = ".".join(platform.release().split(".")[:2])
    where = f"{os.cpu_count()} cores, {platform.machine()}, Linux {kernel}, Python {platform.python_version()}"
    lines = [
        f"{size >> 20} MiB, {rounds} rounds, taken in turns; {where}.",
        "",
        table(cases, size),
        "",
        fact_table(facts),
    ]
    return "\n".join(lines)


def fact_table(facts: list[Fact]) -> str:
    """Return what was found beside the cold loads as a Markdown table."""
    rows = [f"| {fact.what} | {fact.found} | {fact.budget} |" for fact in facts]
    return "\n".join(["| what | found | budget |", "|---|---|---|", *rows])


def picture(cases: list[Case], size: int) -> str:
    """Return the medians as bars, with a line from quartile to quartile."""
    longest = max(cost.wall_seconds for case in cases for costs in case.costs.values() for cost in costs)
    rows: list[str] = []
    top = 48
    for case in cases:
        rows.append(f'<text x="16" y="{top + 11}" class="case">{case.form}, {case.layers} layers</text>')
        for name, colour in zip(ORDER, _COLOURS, strict=True):
            rows.append(_bar(case, name, colour, top, _WIDE / longest))
            top += _ROW
        top += 12
    title = f"Seconds for {size >> 20} MiB, median and quartiles; shorter is better"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 {top}" role="img" aria-label="{title}">',
        "<style>text{font:12px system-ui,sans-serif} .case{font-weight:600;fill:#1d2a3f}",
        ".name{fill:#43506a} .range{stroke:#1d2a3f}</style>",
        f'<rect width="960" height="{top}" fill="#fbfcfe"/><text x="16" y="26" class="case">{title}</text>',
        *rows,
        "</svg>\n",
    ]
    return "\n".join(lines)


def _bar(case: Case, name: str, colour: str, top: int, scale: float) -> str:
    label = f'<text x="{_LEFT - 8}" y="{top + 11}" text-anchor="end" class="name">{name}</text>'
    if name not in case.costs:
        return f'{label}<text x="{_LEFT}" y="{top + 11}" class="name">no figures</text>'
    walls = [cost.wall_seconds for cost in case.costs[name]]
    low, middle, high = (value * scale for value in statistics.quantiles(walls, n=4, method="inclusive"))
    y = top + 7
    return (
        f'{label}<rect x="{_LEFT}" y="{top + 1}" width="{middle:.1f}" height="12" fill="{colour}"/>'
        f'<path d="M{_LEFT + low:.1f} {y}H{_LEFT + high:.1f}" class="range"/>'
        f'<text x="{_LEFT + max(middle, high) + 6:.1f}" y="{top + 11}" class="name">{middle / scale:.2f}</text>'
    )


def write_docs(docs: Path, text: str, cases: list[Case], size: int) -> None:
    """Write the picture, and the text between the marks.

    Raises:
        ValueError: the marks are gone.
    """
    page = (docs / "benchmarks.md").read_text()
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"docs/benchmarks.md lacks {BEGIN} or {END}")
    (docs / "benchmarks.md").write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    (docs / "loader.svg").write_text(picture(cases, size))
