"""How the rehearsal's command line is called and understood."""

import json
import os
from collections.abc import Mapping, Sequence

import pytest

from components.cluster import rehearsal_command
from components.cluster.command import CLONE, Finished, LocalClusterError
from components.cluster.facts import LocalFacts

ANSWER = {
    "name": "dev",
    "directory": "/state/clusters/dev",
    "server": "https://127.0.0.1:6443",
    "kubeconfig_path": "/state/clusters/dev/kubeconfig.yaml",
    "kubernetes_version": "1.34.4",
    "identifier": "uid",
    "running": True,
    "kubeconfig": "kubeconfig-canary",
}


class Command:
    """Stands in for the subprocess: answers as told and keeps what it was asked."""

    def __init__(self, finished: Finished) -> None:
        self.finished = finished
        self.calls: list[tuple[Sequence[str], str, Mapping[str, str]]] = []

    def __call__(
        self, arguments: Sequence[str], *, stdin: str = "", environment: Mapping[str, str] | None = None
    ) -> Finished:
        """Play the command."""
        self.calls.append((arguments, stdin, environment or {}))
        return self.finished


def play(monkeypatch: pytest.MonkeyPatch, code: int, output: object, errors: str = "") -> Command:
    command = Command(Finished(code=code, output=json.dumps(output), errors=errors))
    monkeypatch.setattr(rehearsal_command, "run", command)
    return command


def test_create_sends_the_options_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    command = play(monkeypatch, 0, ANSWER)
    facts = rehearsal_command.create("dev", {"storage_classes": ["a"]})
    [(arguments, stdin, environment)] = command.calls
    assert list(arguments[1:]) == [
        *("-m", "rehearsal.cluster", "create", "--name", "dev", "--options-file", "-", "--with-kubeconfig")
    ]
    nulls = {"address_delay_seconds": None, "bind_delay_seconds": None}  # the engine drops nulls
    assert json.loads(stdin) == {**nulls, "storage_classes": ["a"]}
    assert environment["PYTHONPATH"] == str(CLONE)
    assert environment["PATH"] == os.environ["PATH"]
    assert facts == LocalFacts(
        kubeconfig="kubeconfig-canary",
        kubeconfig_path="/state/clusters/dev/kubeconfig.yaml",
        server="https://127.0.0.1:6443",
        kubernetes_version="1.34.4",
        running=True,
    )


def test_find_knows_that_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, 3, None)
    assert rehearsal_command.find("dev") is None


def test_cluster_that_never_got_ready_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, 0, {**ANSWER, "kubernetes_version": None, "running": False})
    found = rehearsal_command.find("dev")
    assert found is not None
    assert (found.kubernetes_version, found.running) == ("", False)


def test_failure_shows_what_the_command_said(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, 1, ANSWER, "error: etcd is not available. Fix: run `make setup`\n")
    for call in (lambda: rehearsal_command.create("dev", {}), lambda: rehearsal_command.delete("dev")):
        with pytest.raises(LocalClusterError, match="Fix: run `make setup`") as error:
            call()
        assert "kubeconfig-canary" not in str(error.value)


@pytest.mark.parametrize("output", [None, {}, [1], {"name": "dev"}])
def test_answer_that_makes_no_sense_is_not_shown(monkeypatch: pytest.MonkeyPatch, output: object) -> None:
    play(monkeypatch, 0, output)
    with pytest.raises(LocalClusterError, match="did not answer with the JSON expected of it"):
        rehearsal_command.find("dev")
