"""A killed engine leaves no dynamic provider behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal.language_host.launcher import dynamic_text
from tests.rehearsal.language_host.project import CLONE

pytestmark = pytest.mark.engine


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not collected yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_provider_ends_when_its_engine_is_killed(tmp_path: Path) -> None:
    launcher = tmp_path / "pulumi-resource-pulumi-python"
    launcher.write_text(dynamic_text(CLONE))
    launcher.chmod(0o755)
    # Stands in for the engine: starts the provider, tells its number, and waits to be killed.
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen(['{launcher}', '127.0.0.1:1'], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline().strip(), flush=True)\n"
        "time.sleep(60)\n"
    )
    engine = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert engine.stdout is not None
    pid, port = engine.stdout.readline().split()
    assert int(port) > 0
    assert alive(int(pid))

    engine.kill()
    engine.communicate()

    deadline = time.monotonic() + 15
    while alive(int(pid)):
        assert time.monotonic() < deadline, "the provider outlived its engine"
        time.sleep(0.1)
