"""The command line as processes: interruption, two at once, exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain.__main__ import main
from rehearsal.toolchain.store import Store

if TYPE_CHECKING:
    from rehearsal.toolchain.paths import Paths
    from tests.rehearsal.toolchain.fakes import FakeGo

_CLONE = Path(__file__).resolve().parents[3]


def _start(paths: Paths, go: FakeGo, *words: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": str(go.folder),
        "HOME": os.environ.get("HOME", "/"),
        "SLIPWAY_HOME": str(paths.home),
        "XDG_CACHE_HOME": str(paths.cache.parent),
        "SLIPWAY_OFFLINE": "1",
        "SLIPWAY_SKIP_SPACE_CHECK": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "rehearsal.toolchain", *words],
        cwd=_CLONE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _wait_for(file: Path) -> str:
    deadline = time.monotonic() + 120
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline, f"{file} did not appear"
        time.sleep(0.02)
    return file.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_setup_ends_its_children_and_the_next_one_goes_on(
    paths: Paths, go: FakeGo, number: signal.Signals
) -> None:
    go.hangs = "kwok"
    go.install()
    with _start(paths, go, "setup") as first:
        child = int(_wait_for(go.folder / "hanging"))
        first.send_signal(number)
        said, _ = first.communicate(timeout=120)
    assert first.returncode == 130
    assert "Interrupted. `make setup` goes on" in said
    assert _gone(child)
    assert Store(paths.cache).read("kwok") is None
    assert not (paths.cache / "staging").exists()
    go.hangs = ""
    go.install()
    with _start(paths, go, "setup") as second:
        second.communicate(timeout=120)
    assert second.returncode == 0
    assert go.builds == ["pulumi", "etcd", "kwok", "kwok", "kubernetes"]


def test_a_killed_setup_leaves_nothing_that_is_used(paths: Paths, go: FakeGo) -> None:
    go.hangs = "etcd"
    go.install()
    with _start(paths, go, "setup") as first:
        child = int(_wait_for(go.folder / "hanging"))
        builder = int(Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[1])
        first.kill()
        os.killpg(builder, signal.SIGKILL)  # the kernel would leave it; only a polite end reaches the children
        first.communicate()
    assert (paths.cache / "staging").exists()
    assert Store(paths.cache).read("etcd") is None
    go.hangs = ""
    go.install()
    with _start(paths, go, "setup") as second:
        second.communicate(timeout=120)
    assert second.returncode == 0
    assert Store(paths.cache).read("etcd")
    assert not (paths.cache / "staging").exists()


def test_two_at_once_build_once_and_the_second_says_whom_it_waits_for(paths: Paths, go: FakeGo) -> None:
    go.seconds = 0.4
    go.install()
    with _start(paths, go, "setup", "--with", "registry") as first:
        _wait_for(go.folder / "builds")
        with _start(paths, go, "setup", "--with", "registry") as second:
            said, _ = second.communicate(timeout=120)
        first.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0)
    assert f"waiting for another setup: process {first.pid}, running since" in said
    assert go.builds == ["pulumi", "etcd", "kwok", "kubernetes", "registry"]


def test_a_problem_is_one_line_and_exit_code_one(paths: Paths, go: FakeGo) -> None:
    (go.folder / "go").unlink()
    with _start(paths, go, "setup") as process:
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "error: building from source needs Go" in said
    assert "Traceback" not in said


def test_env_prints_the_file_or_the_fix(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLIPWAY_HOME", str(paths.home))

    def keep(_number: int, _handler: object) -> None:
        """Leaves pytest's own handlers alone."""

    monkeypatch.setattr(signal, "signal", keep)
    assert main(["env"]) == 1
    assert "make setup" in capsys.readouterr().err
    paths.home.mkdir()
    paths.environment_file.touch()
    assert main(["env"]) == 0
    assert capsys.readouterr().out.strip() == str(paths.environment_file)


def test_a_setup_that_was_told_to_ignore_a_closed_terminal_does(paths: Paths, go: FakeGo) -> None:
    go.seconds = 0.1
    go.install()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as under nohup
    try:
        with _start(paths, go, "setup") as process:
            _wait_for(go.folder / "builds")
            process.send_signal(signal.SIGHUP)
            process.communicate(timeout=120)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.returncode == 0
