"""What the dynamic resource decides; the commands behind it are played."""

import base64
import pickle
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.cluster import kind_command, local, rehearsal_command
from components.cluster.command import CLONE
from components.cluster.facts import LocalFacts
from components.cluster.local import LocalCluster, LocalClusterProvider, maker_of
from tests.components.cluster.conftest import FakeMachine
from tests.mocks import Recorded, Secret, deploy, plain

INPUTS: dict[str, Any] = {"tool": "rehearsal", "name": "dev", "options": {"storage_classes": ["a"]}}
FACTS = LocalFacts(
    kubeconfig="kubeconfig-canary",
    kubeconfig_path="/state/kubeconfig.yaml",
    server="https://127.0.0.1:6443",
    kubernetes_version="1.34.4",
    running=True,
)
STATE = {**INPUTS, **FACTS.outputs()}


class Maker:
    """Stands in for the command modules: one cluster or none, and what was asked."""

    def __init__(self, found: LocalFacts | None) -> None:
        self.found = found
        self.calls: list[tuple[str, str]] = []

    def find(self, name: str) -> LocalFacts | None:
        """Play a look-up."""
        self.calls.append(("find", name))
        return self.found

    def create(self, name: str, options: Mapping[str, Any]) -> LocalFacts:
        """Play a creation."""
        self.calls.append(("create", f"{name} {sorted(options)}"))
        return FACTS

    def delete(self, name: str) -> None:
        """Play a removal."""
        self.calls.append(("delete", name))


def play(monkeypatch: pytest.MonkeyPatch, found: LocalFacts | None = FACTS) -> Maker:
    maker = Maker(found)

    def always(_tool: str) -> Maker:
        return maker

    monkeypatch.setattr(local, "maker_of", always)
    return maker


def stopped() -> LocalFacts:
    return LocalFacts(**FACTS.outputs(), running=False)


def test_create_returns_inputs_and_facts_without_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = play(monkeypatch)
    result = LocalClusterProvider().create(dict(INPUTS))
    assert (result.id, result.outs) == ("dev", STATE)
    assert "running" not in STATE
    assert maker.calls == [("create", "dev ['storage_classes']")]


def test_read_says_gone_when_the_cluster_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, None)
    assert LocalClusterProvider().read("dev", dict(STATE)).id == ""


@pytest.mark.parametrize("found", [FACTS, stopped()])
def test_read_of_a_cluster_that_exists_finds_no_drift(monkeypatch: pytest.MonkeyPatch, found: LocalFacts) -> None:
    play(monkeypatch, found)
    result = LocalClusterProvider().read("dev", dict(STATE))
    assert (result.id, result.outs) == ("dev", STATE)


def check(olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    result = LocalClusterProvider().check(dict(olds), dict(news))
    assert result.failures == []
    return result.inputs


@pytest.mark.parametrize("found", [FACTS, None])
def test_of_a_new_cluster_nothing_is_known(monkeypatch: pytest.MonkeyPatch, found: LocalFacts | None) -> None:
    play(monkeypatch, found)
    assert check({}, {**INPUTS, "kubeconfig": None}) == INPUTS


def test_missing_program_is_said_before_anything_is_made(machine: FakeMachine) -> None:
    machine.remove("docker")
    [failure] = LocalClusterProvider().check({}, {**INPUTS, "tool": "kind"}).failures
    assert failure.property == "tool"
    assert "needs the container engine `docker`" in failure.reason


def test_later_checks_add_what_is_known_so_that_a_preview_knows_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, stopped())
    inputs = check(INPUTS, INPUTS)
    assert plain(inputs) == {**STATE, "kubeconfig": Secret("kubeconfig-canary"), "running": False}


def test_nothing_changes_while_the_cluster_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch)
    assert LocalClusterProvider().diff("dev", dict(STATE), check(INPUTS, INPUTS)).changes is False


def test_stopped_cluster_is_updated_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, stopped())
    news = check(INPUTS, INPUTS)
    result = LocalClusterProvider().diff("dev", dict(STATE), news)
    assert (result.changes, result.replaces) == (True, None)
    assert LocalClusterProvider().update("dev", dict(STATE), news).outs == STATE


def test_other_options_update_a_rehearsal_and_replace_a_kind_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch)
    news = check(INPUTS, {**INPUTS, "options": {"storage_classes": ["b"]}})
    result = LocalClusterProvider().diff("dev", dict(STATE), news)
    assert (result.changes, result.replaces) == (True, None)
    kind = LocalClusterProvider().diff("dev", {**STATE, "tool": "kind"}, {**news, "tool": "kind"})
    assert (kind.changes, kind.replaces, kind.delete_before_replace) == (True, ["options"], True)


@pytest.mark.parametrize(("key", "value"), [("name", "other"), ("tool", "kind")])
def test_other_name_or_tool_is_another_cluster(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    play(monkeypatch, None)
    news = check(INPUTS, {**INPUTS, key: value})
    assert LocalClusterProvider().diff("dev", dict(STATE), news).replaces == [key]


def test_cluster_that_vanished_is_an_error_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made again in silence it would be empty, while the state says that all is there."""
    play(monkeypatch, None)
    [failure] = LocalClusterProvider().check(dict(INPUTS), dict(INPUTS)).failures
    assert failure.property == "name"
    assert "the rehearsal cluster dev exists, and it is not on this machine" in failure.reason
    assert failure.reason.index("rehearsal.cluster delete --name dev`") < failure.reason.index("pulumi refresh`")


def test_way_out_of_a_vanished_kind_cluster_names_no_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, None)
    [failure] = LocalClusterProvider().check({**INPUTS, "tool": "kind"}, {**INPUTS, "tool": "kind"}).failures
    assert "run `PULUMI_K8S_DELETE_UNREACHABLE=true pulumi refresh`, then `pulumi up`" in failure.reason


def test_delete_removes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = play(monkeypatch)
    LocalClusterProvider().delete("dev", dict(STATE))
    assert maker.calls == [("delete", "dev")]


def test_each_tool_has_its_commands() -> None:
    assert maker_of("kind") is kind_command
    assert maker_of("rehearsal") is rehearsal_command


def run() -> Recorded:
    def program() -> None:
        opts = pulumi.ResourceOptions()
        made = LocalCluster("cluster", tool="rehearsal", name="dev", options={"storage_classes": ["a"]}, opts=opts)
        pulumi.export("kubeconfig", made.kubeconfig)
        pulumi.export("server", made.server)

    return deploy(program, respond=lambda _type, _name, _inputs: FACTS.outputs())


def test_kubeconfig_is_secret_and_the_address_is_not() -> None:
    assert run().outputs == {"kubeconfig": Secret("kubeconfig-canary"), "server": "https://127.0.0.1:6443"}


def test_provider_is_stored_by_name_only() -> None:
    """Its code is looked up in the module each time, so nothing of the program can end up in the state."""
    stored = run().one("pulumi-python:dynamic/slipway:LocalCluster").inputs["__provider"]
    content = base64.b64decode(stored)
    assert len(content) < 100
    loaded = pickle.loads(content)  # noqa: S301 - made three lines above
    assert type(loaded) is LocalClusterProvider
    assert loaded.__dict__ == {}


def test_provider_process_loads_nothing_of_the_specification() -> None:
    """It starts with every `up`, and pydantic alone costs more than the rest."""
    code = "import components.cluster.local, components.cluster.rehearsal_command, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=CLONE, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pydantic", "stacks", "rehearsal", "pulumi_kubernetes"} & set(loaded)
