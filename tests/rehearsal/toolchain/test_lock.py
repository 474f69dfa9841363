"""One holder at a time, and none that is dead."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain.lock import exclusive

if TYPE_CHECKING:
    from pathlib import Path

_HOLD = """
import sys, time
from pathlib import Path
from rehearsal.toolchain.lock import exclusive
with exclusive(Path(sys.argv[1]), print):
    print("held", flush=True)
    time.sleep(60)
"""


class _WaitedError(Exception):
    """Ends a test's wait."""


def test_the_waiting_line_names_the_holder_and_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "cache" / "lock"
    lines: list[str] = []

    def waiting(line: str) -> None:
        lines.append(line)
        raise _WaitedError

    with subprocess.Popen([sys.executable, "-c", _HOLD, str(lock)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(_WaitedError), exclusive(lock, waiting):
            pytest.fail("two holders")
        assert f"process {holder.pid}, running since" in lines[0]
        holder.kill()
        holder.wait()
    with exclusive(lock, waiting):
        assert len(lines) == 1


def test_a_waiter_goes_on_when_the_holder_ends(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    first = exclusive(lock, print)
    first.__enter__()
    waits: list[str] = []

    def waiting(line: str) -> None:
        waits.append(line)
        if len(waits) == 3:
            first.__exit__(None, None, None)

    with exclusive(lock, waiting, poll_seconds=0.001):
        assert len(waits) == 3
