"""Child processes and their groups."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.language_host.children import STOP_SECONDS, Children

DEAF = ["sh", "-c", "trap '' INT TERM; echo ready; while :; do sleep 0.1; done"]
PARENT = """
import subprocess, sys
try:
    child = subprocess.Popen(["sleep", "300"])
    print(child.pid, flush=True)
    child.wait()
except KeyboardInterrupt:
    sys.exit(5)
"""


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def read_line(child: subprocess.Popen[bytes]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().decode().strip()


def close(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            stream.close()


def test_the_whole_group_is_stopped(tmp_path: Path) -> None:
    children = Children()
    child = children.start([sys.executable, "-c", PARENT], tmp_path, pipes=True)
    grandchild = int(read_line(child))

    children.stop(child)

    assert child.poll() == 5
    assert not exists(grandchild) or "Z" in Path(f"/proc/{grandchild}/stat").read_text(encoding="utf-8")
    close(child)


def test_a_deaf_child_is_killed_and_no_other_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rehearsal.language_host.children.STOP_SECONDS", [(number, 0.2) for number, _ in STOP_SECONDS])
    children = Children()
    child = children.start(DEAF, tmp_path, pipes=True)
    assert read_line(child) == "ready"

    children.stop_all(for_good=True)

    assert child.poll() == -signal.SIGKILL
    close(child)
    with pytest.raises(OSError, match="stopping"):
        children.start(["true"], tmp_path)


def test_the_patience_is_shorter_than_the_engine_s() -> None:
    assert sum(seconds for _, seconds in STOP_SECONDS) < 5


def test_a_child_that_ended_is_nobody_s_business(tmp_path: Path) -> None:
    children = Children()
    child = children.start(["true"], tmp_path)
    child.wait()

    children.stop(child)

    assert child.returncode == 0
