"""Processes are found again and never mistaken for others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rehearsal.control_plane import processes
from rehearsal.control_plane.components import Component
from rehearsal.control_plane.errors import ComponentError
from rehearsal.control_plane.launch import dead, end_or_raise, ensure_running
from rehearsal.control_plane.layout import Layout
from tests.rehearsal.cluster.helpers import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SLEEPER = Component(name="sleeper", arguments=("/bin/sleep", "300"))


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    """An empty cluster directory; what was started for it is ended."""
    made = Layout(directory=tmp_path / "cluster")
    made.make_directories()
    yield made
    end_or_raise(made, processes.find_all(made), grace_seconds=2)


def test_started_process_is_found_by_its_record(layout: Layout) -> None:
    """The record is enough, and so is the mark in the environment where the record was lost."""
    ensure_running(layout, [_SLEEPER])
    found = processes.find_all(layout)

    layout.pid_path("sleeper").unlink()

    assert set(found) == {"sleeper"}
    assert processes.find_all(layout) == found
    assert layout.directory in processes.marked_directories()


def test_running_process_is_kept_and_one_with_other_arguments_replaced(layout: Layout) -> None:
    """A second call starts nothing new unless the arguments differ."""
    ensure_running(layout, [_SLEEPER])
    first = processes.find_all(layout)["sleeper"]

    ensure_running(layout, [_SLEEPER])
    assert processes.find_all(layout)["sleeper"] == first

    ensure_running(layout, [Component(name="sleeper", arguments=("/bin/sleep", "301"))])
    second = processes.find_all(layout)["sleeper"]
    assert second != first
    assert processes.look_up(first.pid) is None
    # The kernel shows the arguments a moment after the process is there.
    wait_until(lambda: processes.command_line(second) == ("/bin/sleep", "301"))


def test_number_that_another_process_got_is_left_alone(layout: Layout) -> None:
    """A record whose start time is not that of the process with its number belongs to nobody."""
    with subprocess.Popen(["/bin/sleep", "300"]) as stranger:
        process = processes.look_up(stranger.pid)
        assert process is not None
        layout.pid_path("etcd").write_text(
            json.dumps({"pid": stranger.pid, "start_ticks": process.start_ticks - 1, "boot_id": processes.boot_id()})
        )

        assert processes.find_all(layout) == {}
        assert processes.end([processes.Process(stranger.pid, process.start_ticks - 1)], grace_seconds=1) == []

        assert stranger.poll() is None
        stranger.kill()


def test_record_of_an_earlier_boot_is_ignored(layout: Layout) -> None:
    """After a restart of the machine the same number and ticks may be anybody's."""
    mine = processes.look_up(os.getpid())
    assert mine is not None
    record = {"pid": mine.pid, "start_ticks": mine.start_ticks, "boot_id": "another"}
    layout.pid_path("etcd").write_text(json.dumps(record))

    assert processes.find_all(layout) == {}


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"pid": "x"}'])
def test_unusable_record_is_ignored(layout: Layout, content: str) -> None:
    """A record that was cut short by a crash is as good as none."""
    layout.pid_path("etcd").write_text(content)

    assert processes.find_all(layout) == {}


def test_process_that_ignores_the_request_is_killed(layout: Layout) -> None:
    """The wait for a polite end is bounded."""
    program = "import signal as s, time; s.signal(s.SIGTERM, s.SIG_IGN); print('ready', flush=True); time.sleep(300)"
    stubborn = Component(name="stubborn", arguments=(sys.executable, "-c", program))
    ensure_running(layout, [stubborn])
    while "ready" not in layout.log_path("stubborn").read_text():
        assert dead(layout, [stubborn]) is None

    end_or_raise(layout, processes.find_all(layout), grace_seconds=0.2)

    assert dead(layout, [stubborn]) == stubborn


def test_environment_of_the_user_is_not_handed_on(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither credentials nor proxies reach a component."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    ensure_running(layout, [Component(name="printer", arguments=("/bin/sh", "-c", "env; exec sleep 300"))])
    log = layout.log_path("printer")
    wait_until(lambda: "PYTHONPATH=" in log.read_text())
    shown = log.read_text()

    assert "secret" not in shown
    assert "proxy" not in shown


def test_missing_program_is_an_error_with_its_path(layout: Layout) -> None:
    """The message names component and program."""
    with pytest.raises(ComponentError, match=r"etcd could not be started from /no/such/etcd"):
        ensure_running(layout, [Component(name="etcd", arguments=("/no/such/etcd",))])


def test_log_of_the_last_start_is_kept(layout: Layout) -> None:
    """A restart begins a new log and keeps one old one."""
    layout.log_path("sleeper").write_text("old words\n")

    ensure_running(layout, [_SLEEPER])

    assert layout.log_path("sleeper").with_suffix(".previous.log").read_text() == "old words\n"
