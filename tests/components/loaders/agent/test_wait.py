"""Waiting for a version that someone else brings."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from components.loaders.agent import wait as module
from components.loaders.agent.cli import main
from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import small_kit
from tests.components.loaders.agent.processes import as_another_user, running, wait_for

KEY = f"sha256-{'1' * 64}"


def wait(into: Path, *more: str, seconds: float = 0.3) -> int:
    return main(["wait", "--into", str(into), "--deadline-seconds", str(seconds), *more])


def test_complete_version_is_found_at_once(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = small_kit(registry)
    assert agent(digest, tmp_path).code == 0
    registry.stop()

    assert wait(tmp_path, "--key", digest.replace(":", "-")) == 0
    assert wait(tmp_path, "--link", "current") == 0
    assert wait(tmp_path) == 0


def test_nothing_incomplete_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = f"sha256-{'1' * 64}"
    (tmp_path / f".store/{key}.tmp-abc/tree").mkdir(parents=True)
    (tmp_path / "current").symlink_to(f".store/{key}")

    assert wait(tmp_path, "--key", key) == 10
    assert wait(tmp_path) == 10
    assert wait(tmp_path / "not-even-there") == 10
    assert "look at the loader that brings it" in capsys.readouterr().err


def test_a_volume_that_may_not_be_looked_into_is_said_at_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A kubelet with a strict umask, or an export that squashes root, closes a directory above the store."""
    closed = tmp_path / "models"
    (closed / "kit/.store" / KEY).mkdir(parents=True)
    closed.chmod(0o750)

    assert as_another_user(lambda: wait(closed / "kit", "--key", KEY, seconds=5)) == 6
    assert "may not look there" in capfd.readouterr().err


def test_ends_when_it_comes(tmp_path: Path) -> None:
    key = f"sha256-{'1' * 64}.{'a' * 12}"
    timer = threading.Timer(0.2, lambda: (tmp_path / ".store" / key).mkdir(parents=True))
    timer.start()
    started = time.monotonic()

    assert wait(tmp_path, "--key", key, seconds=30) == 0

    assert time.monotonic() - started < 10
    timer.join()


def test_says_what_it_waits_for_every_so_often(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAY_SECONDS", 0.1)
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)

    assert wait(tmp_path, "--link", "blue", seconds=2) == 10

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    said = [line for line in lines if line["event"] == "waiting"]
    assert 3 <= len(said) <= 21, "neither once nor at every look"
    assert "blue" in said[0]["what"]


def test_read_only_mount(
    small_volume: Callable[[int], Path],
    remount_read_only: Callable[[Path], None],
    registry: FakeRegistry,
    agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("components.loaders.agent.load.RESERVE_BYTES", 0)
    into = small_volume(4 * 1024 * 1024)
    digest = small_kit(registry)
    assert agent(digest, into).code == 0
    remount_read_only(into)

    assert wait(into, "--key", digest.replace(":", "-")) == 0
    assert wait(into, "--key", f"sha256-{'1' * 64}") == 10


def test_ended_soon(tmp_path: Path) -> None:
    with running(tmp_path, ["wait", "--into", str(tmp_path)]) as agent:
        wait_for(lambda: bool(agent.lines("waiting")))
        assert agent.terminate() < 5


@pytest.mark.parametrize("key", ["latest", "sha256-1", f"sha256-{'1' * 64}.x", f"../sha256-{'1' * 64}"])
def test_wrong_keys(tmp_path: Path, key: str) -> None:
    assert wait(tmp_path, "--key", key) == 2
