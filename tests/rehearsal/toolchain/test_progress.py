"""Progress says which step of how many, how long, and how long still."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rehearsal.toolchain.progress import Progress, clock

if TYPE_CHECKING:
    import pytest


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("rehearsal.toolchain.progress.time.monotonic", lambda: self.now)


def test_a_log_gets_a_line_about_every_quarter_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    time, stream = _Clock(monkeypatch), io.StringIO()
    progress = Progress(total=2, stream=stream)
    progress.begin("pulumi: go build", 280, 720)
    for _ in range(40):
        time.now += 1
        progress.tick()
    assert stream.getvalue().splitlines() == [
        "[1/2] pulumi: go build, 0s elapsed, about 4m40s left, about 16m40s for all",
        "[1/2] pulumi: go build, 15s elapsed, about 4m25s left, about 16m25s for all",
        "[1/2] pulumi: go build, 30s elapsed, about 4m10s left, about 16m10s for all",
    ]


def test_a_finished_step_corrects_the_next_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    time, stream = _Clock(monkeypatch), io.StringIO()
    progress = Progress(total=2, stream=stream)
    progress.begin("one", 100)
    time.now += 50
    progress.learn(100)
    progress.done("one: built")
    progress.begin("two", 200)
    time.now += 130
    progress.tick()
    assert stream.getvalue().splitlines()[1:] == [
        "[1/2] one: built (50s)",
        "[2/2] two, 0s elapsed, about 1m40s left",
        "[2/2] two, 2m10s elapsed, longer than estimated",
    ]


def test_a_terminal_line_is_rewritten_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    time, stream = _Clock(monkeypatch), _Terminal()
    progress = Progress(total=1, stream=stream)
    progress.begin("etcd")
    time.now += 0.6
    progress.tick("12 of 20 MiB")
    progress.done("etcd: done")
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().count("\r") == 3
    assert "etcd, 1s elapsed, 12 of 20 MiB" in stream.getvalue()


def test_a_wait_before_the_first_step_shows_only_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    time, stream = _Clock(monkeypatch), io.StringIO()
    progress = Progress(total=0, stream=stream)
    for _ in range(3):
        progress.wait("waiting for another setup")
        time.now += 8
    assert stream.getvalue().splitlines() == ["waiting for another setup"] * 2


def test_clock() -> None:
    assert [clock(seconds) for seconds in (-1, 59.4, 75, 3600)] == ["0s", "59s", "1m15s", "60m00s"]


def test_a_terminal_line_is_cut_to_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    _Clock(monkeypatch)
    monkeypatch.setenv("COLUMNS", "30")
    stream = _Terminal()
    Progress(total=1, stream=stream).begin("a label that does not fit into the terminal")
    assert stream.getvalue() == "\r[1/1] a label that does not f"
