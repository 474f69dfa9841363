"""The cluster as a resource of the real program: stopped, given other nodes, vanished. Tests build on each other."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from rehearsal import cluster as clusters
from tests.engine.cluster_view import kubectl, read
from tests.engine.command_line import LIMIT_SECONDS, EngineStack
from tests.stack_files import ROOT

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

pytestmark = pytest.mark.engine

NAME = f"test-{os.getpid()}-cluster-life"
KEPT = "made-before-the-stop"


@pytest.fixture(scope="module")
def small_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineStack]:
    """One model on one pool, and a cluster of its own; `pulumi up` was not run yet."""
    stack = EngineStack("dev", tmp_path_factory.mktemp("engine"))
    for section in ("storage", "registry", "monitoring"):
        del stack.config[f"slipway:{section}"]
    stack.section("cluster")["name"] = NAME
    stack.config["slipway:nodePools"] = [{"name": "cpu", "cpu": 16}]
    model = next(model for model in stack.section("models") if model["name"] == "embedder")
    stack.config["slipway:models"] = [{**model, "scaling": {"min": 1}, "expose": {"type": "cluster"}}]
    created = stack.run("stack", "init")
    assert created.code == 0, created.text
    try:
        yield stack
    finally:
        with at_home_of(stack):
            clusters.delete(NAME)


@contextmanager
def at_home_of(stack: EngineStack) -> Generator[None]:
    """Let calls of this process see the stack's clusters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIPWAY_HOME", stack.env["SLIPWAY_HOME"])
        yield


def status_of(stack: EngineStack) -> clusters.Cluster | None:
    with at_home_of(stack):
        return clusters.status(NAME)


def test_stopped_cluster_is_started_again_by_the_next_up(small_stack: EngineStack) -> None:
    first = small_stack.up()
    assert first.code == 0, first.text
    kubectl(small_stack, "create", "configmap", KEPT)
    before = status_of(small_stack)
    with at_home_of(small_stack):
        clusters.stop(NAME)

    assert small_stack.changes() == {f"LocalCluster rehearsal-{NAME}": "update"}
    again = small_stack.up()

    assert again.code == 0, again.text
    assert status_of(small_stack) == before
    assert read(small_stack, "configmap", KEPT)["metadata"]["name"] == KEPT
    assert small_stack.changes() == {}


def test_pool_with_other_figures_gets_other_nodes(small_stack: EngineStack) -> None:
    small_stack.section("nodePools")[0]["cpu"] = 32

    changes = small_stack.changes()
    assert set(changes) == {"Node cpu-0"}
    assert "replace" in changes["Node cpu-0"]
    updated = small_stack.up()

    assert updated.code == 0, updated.text
    assert read(small_stack, "node", "cpu-0")["status"]["capacity"]["cpu"] == "32"
    assert small_stack.changes() == {}


def test_no_kubeconfig_is_readable_in_the_state(small_stack: EngineStack) -> None:
    """The look-up before each update puts it among the inputs, too."""
    written = "".join(path.read_text() for path in (small_stack.folder / "state").rglob("*.json*"))
    assert "LocalCluster" in written
    assert "client-key-data" not in written
    assert "BEGIN" not in written


def test_vanished_cluster_is_an_error_that_names_the_way_back(small_stack: EngineStack) -> None:
    """Only its directory is gone here: the API server still answers, and still has every object."""
    with at_home_of(small_stack):
        found = clusters.status(NAME)
        assert found is not None
        shutil.rmtree(found.directory)

    lost = small_stack.up()

    assert lost.code != 0
    way_back = (
        f"`python -m rehearsal.cluster delete --name {NAME}`, "
        "then `PULUMI_K8S_DELETE_UNREACHABLE=true pulumi refresh`, then `pulumi up`"
    )
    assert way_back in " ".join(lost.text.split())
    assert "Traceback" not in lost.text
    assert status_of(small_stack) is None


def test_the_way_back_makes_everything_again(small_stack: EngineStack) -> None:
    with at_home_of(small_stack):
        clusters.delete(NAME)
    refreshed = subprocess.run(
        ["pulumi", "refresh", "--yes", "--non-interactive", "--stack", small_stack.name],  # noqa: S607 - from env's PATH
        cwd=ROOT,
        env={**small_stack.env, "PULUMI_K8S_DELETE_UNREACHABLE": "true"},
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    again = small_stack.up()

    assert again.code == 0, again.text
    assert len(read(small_stack, "pods", "--namespace", "models")["items"]) == 1
    assert small_stack.changes() == {}
