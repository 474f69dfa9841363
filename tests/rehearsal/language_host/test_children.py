"""Child processes and their groups."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from rehearsal.language_host.children import STOP_SECONDS, Children

DEAF = "trap '' INT TERM; echo ready; while :; do sleep 0.1; done"


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
    child = children.start(["sh", "-c", "trap : INT; sleep 300 & echo $!; wait; exit 5"], tmp_path, pipes=True)
    grandchild = int(read_line(child))

    children.stop(child)

    assert child.poll() == 5
    assert not exists(grandchild) or "Z" in Path(f"/proc/{grandchild}/stat").read_text(encoding="utf-8")
    close(child)


def test_a_deaf_child_is_killed_within_the_engine_s_patience(tmp_path: Path) -> None:
    children = Children()
    child = children.start(["sh", "-c", DEAF], tmp_path, pipes=True)
    assert read_line(child) == "ready"
    start = time.monotonic()

    children.stop_all(for_good=True)

    assert child.poll() == -signal.SIGKILL
    assert time.monotonic() - start < 4.5
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
