"""The command line: JSON on standard output, words on standard error, exit codes."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from rehearsal import cluster as clusters
from rehearsal.control_plane.command_line import main
from rehearsal.toolchain.errors import ToolMissingError

if TYPE_CHECKING:
    from pathlib import Path


def test_unknown_cluster_is_null(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status of nothing is null with a code of its own; list and delete of nothing are fine."""
    assert home.is_dir()
    assert main(["status", "--name", "dev"]) == 3
    assert json.loads(capsys.readouterr().out) is None
    assert main(["list"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["delete", "--name", "dev"]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "dev", "deleted": True}


def test_wrong_options_are_all_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every problem with its place, nothing on standard output."""
    monkeypatch.setattr("sys.stdin", io.StringIO('{"bind_delay_seconds": -1, "open_crds": ["x"], "typo": 1}'))

    assert main(["create", "--name", "dev", "--options-file", "-"]) == 2

    shown = capsys.readouterr()
    assert shown.out == ""
    for place in ("standard input", "bind_delay_seconds", "open_crds.0", "typo"):
        assert place in shown.err


def test_missing_options_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The path stands in the message."""
    assert main(["create", "--name", "dev", "--options-file", str(tmp_path / "none.json")]) == 2
    assert "none.json: No such file" in capsys.readouterr().err


def test_wrong_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing outside the clusters' directory is ever touched."""
    assert main(["delete", "--name", "../other"]) == 1
    assert "is not allowed" in capsys.readouterr().err


def test_missing_tool_names_the_fix(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a toolchain nothing is started, and the message says what to run."""

    def missing(name: str) -> Path:
        raise ToolMissingError(f"{name} is not available. Fix: run `make setup`")

    monkeypatch.setattr(clusters, "find_tool", missing)

    assert main(["create", "--name", "dev"]) == 1
    assert "make setup" in capsys.readouterr().err
    assert main(["delete", "--name", "dev"]) == 0
    assert list((home / "clusters").iterdir()) == []


@pytest.mark.engine
def test_kubeconfig_only_when_asked_for(scratch_name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The secret text is printed for --with-kubeconfig alone."""
    assert main(["create", "--name", scratch_name]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert main(["status", "--name", scratch_name, "--with-kubeconfig"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert main(["stop", "--name", scratch_name]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": scratch_name, "stopped": True}

    assert "kubeconfig" not in plain
    assert whole.pop("kubeconfig").startswith("apiVersion: v1")
    assert whole == plain
    assert plain["running"] is True
    assert set(plain) == {
        "name",
        "directory",
        "server",
        "kubeconfig_path",
        "kubernetes_version",
        "identifier",
        "running",
    }
