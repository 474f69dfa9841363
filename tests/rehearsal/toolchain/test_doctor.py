"""Doctor names what is there, what is a stand-in, and the fix of what is wrong."""

from __future__ import annotations

import io
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain import checks
from rehearsal.toolchain.doctor import doctor
from rehearsal.toolchain.install import Setup
from rehearsal.toolchain.reach import Reach
from rehearsal.toolchain.store import Store

if TYPE_CHECKING:
    from rehearsal.toolchain.paths import Paths
    from tests.rehearsal.toolchain.fakes import FakeGo


@pytest.fixture(autouse=True)
def _own_clusters(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_HOME", str(paths.home))


def _ready(paths: Paths) -> None:
    Setup(paths=paths, reach=Reach(offline="offline"), stream=io.StringIO()).run()


@pytest.mark.usefixtures("go")
def test_an_empty_machine_fails_with_the_fix(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(paths) == 1
    said = capsys.readouterr().out
    assert "problem: kube-apiserver:" in said
    assert "problem: provider kubernetes:" in said
    assert said.count("Fix: run `make setup`") >= 10


@pytest.mark.usefixtures("go")
def test_a_ready_machine_shows_versions_and_stand_ins(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    _ready(paths)
    assert doctor(paths) == 0
    lines = {line.split("  ")[0].strip(): line.split() for line in capsys.readouterr().out.splitlines()}
    assert lines["kubectl"][1:4] == ["1.34.4", "built", "ok"]
    assert lines["provider random"][2:5] == [metadata.version("pulumi-random"), "stand-in", "ok"]
    assert "stand-in" in lines["pulumi-language-python"]


@pytest.mark.usefixtures("go")
def test_what_only_tests_need_is_a_note(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    _ready(paths)
    assert doctor(paths) == 0
    said = capsys.readouterr().out
    assert "note: registry: not there; only tests of the loaders need it. Fix: run `python -m rehearsal" in said


@pytest.mark.usefixtures("go")
def test_a_damaged_tool_is_a_problem(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    _ready(paths)
    Store(paths.cache).program("etcd").write_text("#!/bin/sh\n")
    assert doctor(paths) == 1
    assert "problem: etcd: etcd (>=3.5.10 <4.0.0, pinned 3.6.5) is not available" in capsys.readouterr().out


@pytest.mark.usefixtures("go")
def test_other_packages_than_pinned_are_named(paths: Paths) -> None:
    (paths.clone / "requirements.txt").write_text("# pins\npytest==0.0.1  # old\nno-such-package==1.0\n")
    (paths.clone / "requirements-dev.txt").write_text(f"-r requirements.txt\npulumi=={metadata.version('pulumi')}\n")
    rows = checks.packages(paths)
    assert [(row.name, row.needed) for row in rows] == [("pytest", True), ("no-such-package", True)]
    assert "pinned is 0.0.1" in rows[0].problem
    assert rows[1].problem == "not installed, pinned is 1.0"


def test_go_is_only_a_note(paths: Paths, go: FakeGo, capsys: pytest.CaptureFixture[str]) -> None:
    _ready(paths)
    (go.folder / "go").unlink()
    assert doctor(paths) == 0
    assert "note: go: building from source needs Go" in capsys.readouterr().out


@pytest.mark.usefixtures("go")
def test_a_few_open_files_are_a_note(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def few(_which: int) -> tuple[int, int]:
        return (256, 1024)

    monkeypatch.setattr("rehearsal.toolchain.checks.resource.getrlimit", few)
    notes = [row for row in checks.local(paths) if row.name == "open files"]
    assert notes[0].problem.startswith("at most 1024 per process")
    assert not notes[0].needed
