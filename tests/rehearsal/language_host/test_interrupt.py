"""Ctrl-C and sudden deaths, through the real engine: nothing hangs, nothing is left behind."""

import os
import signal
import subprocess

import pytest

from tests.rehearsal.language_host.project import Project, read_until_end

pytestmark = pytest.mark.engine

ENGINE_LIMIT_SECONDS = 5.0  # after that the engine kills the host, and its children would be left
UP = ("up", "--yes", "--skip-preview")
SLEEPING = """
import os, pathlib, subprocess, time
subprocess.Popen(["sleep", "300"])
pathlib.Path("running").touch()
try:
    time.sleep(300)
finally:
    pathlib.Path("cleaned-up").touch()
"""
DEAF = """
import pathlib, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("running").touch()
time.sleep(300)
"""


@pytest.fixture
def started(project: Project, request: pytest.FixtureRequest) -> subprocess.Popen[str]:
    """An update in the middle of its program."""
    project.write(getattr(request, "param", SLEEPING))
    process = project.start(*UP)
    project.wait_for("running")
    return process


def test_ctrl_c_ends_the_program_and_frees_the_stack(project: Project, started: subprocess.Popen[str]) -> None:
    started.send_signal(signal.SIGINT)

    output, seconds = read_until_end(started, 20)

    assert started.returncode != 0
    assert "update canceled" in output
    assert "Traceback" not in output
    assert seconds < ENGINE_LIMIT_SECONDS
    assert (project.root / "cleaned-up").exists()
    assert project.processes_after(1) == []
    project.write("")
    project.pulumi(*UP)  # fails if the stack is still locked


@pytest.mark.parametrize("started", [DEAF], indirect=True)
def test_ctrl_c_ends_a_program_that_ignores_it(project: Project, started: subprocess.Popen[str]) -> None:
    started.send_signal(signal.SIGINT)

    output, seconds = read_until_end(started, 20)

    assert "update canceled" in output
    assert seconds < ENGINE_LIMIT_SECONDS
    assert project.processes_after(1) == []


def test_ctrl_c_while_the_program_waits_for_the_engine(project: Project) -> None:
    project.write(
        "import pathlib, pulumi, time\n"
        "def slow(_):\n"
        "    pathlib.Path('running').touch()\n"
        "    time.sleep(300)\n"
        "pulumi.Output.from_input(1).apply(slow)\n"
    )
    process = project.start(*UP)
    project.wait_for("running")
    process.send_signal(signal.SIGINT)

    _, seconds = read_until_end(process, 20)

    assert seconds < ENGINE_LIMIT_SECONDS
    assert project.processes_after(1) == []


def test_nothing_survives_the_engine(project: Project, started: subprocess.Popen[str]) -> None:
    started.kill()
    started.communicate()

    assert project.processes_after(ENGINE_LIMIT_SECONDS) == []


def test_nothing_survives_the_host(project: Project, started: subprocess.Popen[str]) -> None:
    host = next(line for line in project.processes() if "rehearsal.language_host" in line)
    os.kill(int(host.split()[0]), signal.SIGKILL)

    _, seconds = read_until_end(started, 20)

    assert started.returncode != 0
    assert seconds < ENGINE_LIMIT_SECONDS
    assert project.processes_after(ENGINE_LIMIT_SECONDS) == []


def test_what_a_program_leaves_running_on_purpose_stays(project: Project) -> None:
    project.write(
        "from subprocess import DEVNULL, Popen\n"
        "Popen(['sleep', '300'], start_new_session=True, stdout=DEVNULL, stderr=DEVNULL)\n"
    )

    project.pulumi("preview")

    left = project.processes_after(5, but=1)
    for line in left:
        os.kill(int(line.split()[0]), signal.SIGKILL)
    assert [line.split()[1] for line in left] == ["sleep"]
