"""A long command leaves a log, and nothing of it outlives an interruption."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain.run import log_tail, run_logged

if TYPE_CHECKING:
    from collections.abc import Callable

_FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(child.pid) + "\\n")
time.sleep(60)
"""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # a dead child that nobody has collected yet


def _run(tmp_path: Path, code: str, tick: Callable[[], None] = lambda: None) -> int:
    command = [sys.executable, "-c", code, str(tmp_path / "pid")]
    return run_logged(command, cwd=tmp_path, log=tmp_path / "logs" / "x.log", environment=os.environ, tick=tick)


def test_the_exit_code_and_all_output_are_kept(tmp_path: Path) -> None:
    assert _run(tmp_path, "import sys; print('out'); sys.stderr.write('err'); sys.exit(3)") == 3
    text = (tmp_path / "logs" / "x.log").read_text()
    assert text.startswith(f"$ cd {tmp_path} && ")
    assert "out" in text
    assert "err" in text


def test_an_interruption_ends_the_children_of_the_children(tmp_path: Path) -> None:
    def tick() -> None:
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path, _FAMILY, tick)
    grandchild = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 30
    while _alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive(grandchild)


def test_the_tail_of_a_log_is_short(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(str(number) for number in range(50)))
    assert log_tail(log, 2) == "    48\n    49"
