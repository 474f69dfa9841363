"""The life of stack `dev` on the real engine, in order: made, unchanged, changed, drifted, refused, killed, removed."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.engine.cluster_view import kubectl, objects_of_ours, read

if TYPE_CHECKING:
    from tests.engine.command_line import EngineStack

pytestmark = pytest.mark.engine


def test_up_ends_with_every_pod_running(engine_stack: EngineStack) -> None:
    result = engine_stack.up()

    assert result.code == 0, result.text
    pods = read(engine_stack, "pods", "--namespace", "models")["items"]
    assert sorted(pod["status"]["phase"] for pod in pods) == ["Running"] * 4 + ["Succeeded"], "servers and one preload"


def test_the_cluster_holds_what_the_stack_file_asks_for(engine_stack: EngineStack) -> None:
    nodes = {node["metadata"]["name"]: node["status"]["allocatable"] for node in read(engine_stack, "nodes")["items"]}
    claims = read(engine_stack, "persistentvolumeclaims", "--namespace", "models")["items"]

    assert nodes["l20-0"]["nvidia.com/gpu"] == "4"
    assert [claim["status"]["phase"] for claim in claims] == ["Bound"]
    expected = {"HorizontalPodAutoscaler/embedder", "ScaledObject/qwen3-8b", "ServiceMonitor/qwen3-8b"}
    assert expected <= objects_of_ours(engine_stack)


def test_a_second_up_changes_nothing(engine_stack: EngineStack) -> None:
    result = engine_stack.up("--expect-no-changes")

    assert result.code == 0, result.text
    assert engine_stack.changes() == {}


def test_no_secret_is_readable_in_the_state(engine_stack: EngineStack) -> None:
    secret = read(engine_stack, "secret", "registry-credentials", "--namespace", "models")
    encoded = secret["data"][".dockerconfigjson"]
    written = "".join(path.read_text() for path in (engine_stack.folder / "state").rglob("*.json*"))

    assert len(written) > 10_000, "the state is not where this test looks"
    assert encoded not in written
    assert "client-key-data" not in written


def test_one_changed_field_changes_one_object(engine_stack: EngineStack) -> None:
    engine_stack.section("models")[0]["runtime"]["maxModelLen"] = 16384

    assert engine_stack.changes() == {"Deployment qwen3-8b": "update"}
    assert engine_stack.up().code == 0
    deployment = read(engine_stack, "deployment", "qwen3-8b", "--namespace", "models")
    arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "16384" in " ".join(arguments)
    assert deployment["spec"]["replicas"] == 2, "a scaler owns it, so an update leaves it"


def test_a_new_model_touches_no_other(engine_stack: EngineStack) -> None:
    extra = {
        **engine_stack.section("models")[1],
        "name": "second",
        "scaling": {"min": 1},
        "expose": {"type": "cluster"},
    }
    engine_stack.section("models").append(extra)

    changes = engine_stack.changes()

    engine_stack.section("models").pop()
    assert set(changes.values()) == {"create"}
    assert {label.split()[1] for label in changes} == {"second"}


def test_other_storage_is_made_before_the_old_one_goes(engine_stack: EngineStack) -> None:
    engine_stack.section("storage")["models"]["storageClass"] = "faster"

    moved = engine_stack.up()

    assert moved.code == 0, moved.text
    claims = read(engine_stack, "persistentvolumeclaims", "--namespace", "models")["items"]
    assert [claim["spec"]["storageClassName"] for claim in claims] == ["faster"]
    assert engine_stack.changes() == {}


def test_refresh_shows_hand_edits_and_up_repairs_them(engine_stack: EngineStack) -> None:
    kubectl(engine_stack, "--namespace", "models", "delete", "networkpolicy", "qwen3-8b")
    kubectl(engine_stack, "--namespace", "models", "patch", "service", "qwen3-8b", "--type=json",
            "--patch", '[{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 9999}]')  # fmt: skip
    kubectl(engine_stack, "--namespace", "models", "scale", "deployment", "qwen3-8b", "--replicas", "3")
    # While the new pod is not available yet, a refresh rightly calls the Deployment unhealthy.
    kubectl(engine_stack, "--namespace", "models", "rollout", "status", "deployment", "qwen3-8b", "--timeout=50s")

    refreshed = engine_stack.refresh()
    assert refreshed.code == 0, refreshed.text
    # The number of pods belongs to the scaler: it is drift to nobody.
    assert engine_stack.changes() == {"NetworkPolicy qwen3-8b": "create", "Service qwen3-8b": "update"}

    repaired = engine_stack.up()
    assert repaired.code == 0, repaired.text
    service = read(engine_stack, "service", "qwen3-8b", "--namespace", "models")
    assert service["spec"]["ports"][0]["targetPort"] == "http"
    assert "NetworkPolicy/qwen3-8b" in objects_of_ours(engine_stack)
    assert read(engine_stack, "deployment", "qwen3-8b", "--namespace", "models")["spec"]["replicas"] == 3


def test_a_refused_object_is_an_error_and_the_next_up_converges(engine_stack: EngineStack) -> None:
    models = engine_stack.section("models")
    models.append({**models[1], "name": "late", "scaling": {"min": 1}, "expose": {"type": "cluster"}})
    kubectl(engine_stack, "--namespace", "models", "create", "service", "clusterip", "late", "--tcp=1")

    refused = engine_stack.up()

    assert refused.code != 0
    assert "already exists" in refused.text
    assert "late" in refused.text
    kubectl(engine_stack, "--namespace", "models", "delete", "service", "late")
    assert engine_stack.up().code == 0
    assert engine_stack.changes() == {}


def test_a_killed_engine_leaves_a_stack_that_converges(engine_stack: EngineStack) -> None:
    engine_stack.section("models")[0]["runtime"]["maxModelLen"] = 8192
    process = engine_stack.start("up", "--yes", "--skip-preview", "--config-file", str(engine_stack.file))
    wait_for_generation(engine_stack, "8192")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    assert engine_stack.run("cancel", "--yes").code == 0
    refreshed = engine_stack.refresh()
    assert refreshed.code == 0, refreshed.text
    converged = engine_stack.up()
    assert converged.code == 0, converged.text
    assert engine_stack.changes() == {}


def wait_for_generation(stack: EngineStack, argument: str) -> None:
    """Wait until the API server has the new Deployment, which the engine then still awaits."""
    deadline = time.monotonic() + 60
    while argument not in kubectl(stack, "get", "deployment", "qwen3-8b", "--namespace", "models", "--output", "yaml"):
        assert time.monotonic() < deadline, "the update never reached the API server"
        time.sleep(0.2)


def test_destroy_leaves_no_object(engine_stack: EngineStack) -> None:
    keep_cluster = engine_stack.run("state", "protect", "--yes", *cluster_urns(engine_stack))
    assert keep_cluster.code == 0, keep_cluster.text

    destroyed = engine_stack.run("destroy", "--yes", "--skip-preview", "--exclude-protected")

    assert destroyed.code == 0, destroyed.text
    assert objects_of_ours(engine_stack) == set()


def test_destroying_the_rest_leaves_no_cluster(engine_stack: EngineStack) -> None:
    freed = engine_stack.run("state", "unprotect", "--yes", "--all")
    assert freed.code == 0, freed.text

    destroyed = engine_stack.run("destroy", "--yes", "--skip-preview")

    assert destroyed.code == 0, destroyed.text
    assert list((engine_stack.folder / "slipway" / "clusters").glob("test-*")) == []


def cluster_urns(stack: EngineStack) -> list[str]:
    """Return the URN of the cluster and of its provider."""
    listed = stack.run("stack", "--show-urns").text
    urns = [word for word in listed.split() if word.startswith("urn:")]
    return [urn for urn in urns if "LocalCluster" in urn or "pulumi:providers:kubernetes" in urn]
