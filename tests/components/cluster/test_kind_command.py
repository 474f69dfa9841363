"""How kind is called. Against a fake `kind`: no Docker, no cluster; what real kind does with it is not tested here."""

import json
import stat
from pathlib import Path

import pytest

from components.cluster import kind_command
from components.cluster.command import LocalClusterError
from tests.components.cluster.conftest import FakeMachine

OPTIONS = {"config": {"kind": "Cluster", "nodes": [{"role": "control-plane"}]}, "image": ""}


def test_create_gives_kind_its_configuration_and_keeps_the_kubeconfig_private(answering: FakeMachine) -> None:
    facts = kind_command.create("dev", OPTIONS)
    path = answering.local_state / "clusters" / "kind-dev" / "kubeconfig.yaml"
    [create] = [call for call in answering.calls() if call["arguments"][0] == "create"]
    assert create["arguments"] == [
        *("create", "cluster", "--name", "dev", "--kubeconfig", str(path), "--config", "-", "--wait", "120s")
    ]
    assert json.loads(create["stdin"]) == OPTIONS["config"]
    assert facts.kubeconfig == path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert facts.server.startswith("https://127.0.0.1:")
    assert facts.running


def test_node_image_is_passed_on(answering: FakeMachine) -> None:
    kind_command.create("dev", {**OPTIONS, "image": "kindest/node:v1.34.0"})
    [create] = [call for call in answering.calls() if call["arguments"][0] == "create"]
    assert create["arguments"][-2:] == ["--image", "kindest/node:v1.34.0"]


def test_create_of_a_cluster_that_runs_makes_no_second_one(answering: FakeMachine) -> None:
    kind_command.create("dev", OPTIONS)
    kind_command.create("dev", OPTIONS)
    assert [call["arguments"][0] for call in answering.calls()].count("create") == 1
    assert [call["arguments"] for call in answering.calls("docker") if call["arguments"][0] == "start"] == []


def test_create_of_a_stopped_cluster_starts_its_containers(machine: FakeMachine) -> None:
    kind_command.create("dev", OPTIONS)
    assert not kind_command.create("dev", OPTIONS).running
    starts = [call["arguments"] for call in machine.calls("docker") if call["arguments"][0] == "start"]
    assert starts == [["start", "dev-control-plane", "dev-worker"]]


@pytest.mark.usefixtures("machine")
def test_find_tells_missing_and_stopped_apart() -> None:
    assert kind_command.find("dev") is None
    kind_command.create("dev", OPTIONS)
    found = kind_command.find("dev")
    assert found is not None
    assert not found.running


def test_delete_removes_cluster_and_kubeconfig(answering: FakeMachine) -> None:
    path = Path(kind_command.create("dev", OPTIONS).kubeconfig_path)
    kind_command.delete("dev")
    assert kind_command.find("dev") is None
    assert not path.exists()
    kind_command.delete("dev")
    assert answering.calls()[-1]["arguments"][:2] == ["delete", "cluster"]


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("kind", "needs the `kind` command line, and it is not on PATH: install it from https://kind.sigs.k8s.io"),
        ("docker", "needs the container engine `docker`, it is not on PATH: install and start docker"),
    ],
)
def test_missing_program_is_named_with_the_fix(machine: FakeMachine, missing: str, words: str) -> None:
    machine.remove(missing)
    with pytest.raises(LocalClusterError) as error:
        kind_command.find("dev")
    assert words in str(error.value)
    assert "use cluster type rehearsal, which needs no Docker" in str(error.value)


def test_engine_that_does_not_run_is_named_with_the_fix(machine: FakeMachine) -> None:
    machine.break_("docker")
    with pytest.raises(LocalClusterError, match=r"`docker info` failed: install and start docker"):
        kind_command.create("dev", OPTIONS)
    assert machine.calls() == []


def test_kinds_own_words_are_shown_and_the_kubeconfig_never(answering: FakeMachine) -> None:
    kind_command.create("dev", OPTIONS)
    answering.break_("kind")
    with pytest.raises(LocalClusterError) as error:
        kind_command.delete("dev")
    assert "ended with exit code 1:\nERROR: the fake kind was told to fail" in str(error.value)
    assert "kubeconfig-canary" not in str(error.value)
