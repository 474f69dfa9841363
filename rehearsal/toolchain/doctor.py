"""`make doctor`: what is present, which version, from where, and what is wrong with the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.toolchain import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rehearsal.toolchain.paths import Paths


def doctor(paths: Paths) -> int:
    """Prints the table and the problems; 1 when something that a rehearsal needs is missing or wrong."""
    rows = [
        *checks.tools(paths),
        checks.language_host(paths),
        *checks.plugins(paths),
        checks.go(),
        *checks.packages(paths),
        *checks.local(paths),
    ]
    _print_table([row for row in rows if row.path or row.problem])
    for row in rows:
        if row.problem:
            print(f"{'problem' if row.needed else 'note'}: {row.name}: {row.problem}. Fix: {row.fix}")
    bad = any(row.problem and row.needed for row in rows)
    print("Something needed is missing or wrong." if bad else "All that a rehearsal needs is there.")
    return int(bad)


def _print_table(rows: Sequence[checks.Row]) -> None:
    lines = [("what", "version", "origin", "state", "path")]
    for row in rows:
        state = "ok" if not row.problem else "wrong" if row.needed else "note"
        lines.append((row.name, row.version, row.origin, state, row.path))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
