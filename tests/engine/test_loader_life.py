"""A stack whose weights come through Jobs, a CronJob and the nodes, on the real engine; tests build on each other.

The pods are simulated, so no bytes move; the order of things, the Job controller's verdicts and what is left are real.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from components.loaders.node_cache import CLAIM
from rehearsal import cluster as clusters
from tests.engine.cluster_view import BUILT_IN, kubectl, objects_of_ours, read
from tests.engine.command_line import EngineStack

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

NAME = f"test-{os.getpid()}-loader-life"
MODELS, CACHES = "models", "models-node-cache"
OLD, NEW = "sha256:" + "1a" * 32, "sha256:" + "2b" * 32
HTTP = {"type": "http", "image": "registry.example.com/apps/server:1.0"}


def model(name: str, loader: dict[str, Any], **runtime: object) -> dict[str, Any]:
    reference = f"registry.example.com/models/{name}:1.0@{OLD}"
    return {
        "name": name,
        "source": {"type": "modelkit", "reference": reference, "sizeGib": 2},
        "runtime": {**HTTP, **runtime},
        "loader": loader,
        "placement": {"nodePool": "cpu", "cpu": 1, "memoryGib": 2},
    }


@pytest.fixture(scope="module")
def loading_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineStack]:
    """Three models, each loaded by something else than its own pods; `pulumi up` was not run yet."""
    stack = EngineStack("dev", tmp_path_factory.mktemp("engine"))
    del stack.config["slipway:monitoring"]
    stack.section("cluster")["name"] = NAME
    stack.config["slipway:nodePools"] = [{"name": "cpu", "cpu": 16, "min": 2, "max": 3}]
    stack.config["slipway:models"] = [
        model("first", {"type": "preload"}),
        model("nightly", {"type": "sync", "schedule": "0 3 * * *"}, reload={"type": "self"}),
        model("local", {"type": "nodeCache"}),
    ]
    created = stack.run("stack", "init")
    assert created.code == 0, created.text
    try:
        yield stack
    finally:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLIPWAY_HOME", stack.env["SLIPWAY_HOME"])
            clusters.delete(NAME)


def jobs(stack: EngineStack) -> dict[str, dict[str, Any]]:
    found = read(stack, "jobs", "--namespace", MODELS)["items"]
    return {job["metadata"]["name"]: job for job in found}


def one_of(found: dict[str, dict[str, Any]], start: str) -> dict[str, Any]:
    (job,) = (job for name, job in found.items() if name.startswith(start))
    return job


def pods_of(stack: EngineStack, name: str) -> list[dict[str, Any]]:
    return read(stack, "pods", "--namespace", MODELS, "--selector", f"app.kubernetes.io/name={name}")["items"]


def test_up_awaits_the_jobs_before_it_makes_the_pods(loading_stack: EngineStack) -> None:
    made = loading_stack.up()

    assert made.code == 0, made.text
    for start, name in (("first-preload-", "first"), ("nightly-first-sync-", "nightly")):
        job = one_of(jobs(loading_stack), start)
        (pod,) = pods_of(loading_stack, name)
        assert job["status"]["succeeded"] == 1
        assert job["status"]["completionTime"] <= pod["metadata"]["creationTimestamp"]
        assert pod["status"]["phase"] == "Running"


def test_the_cache_runs_on_every_node_of_the_pool_and_readers_claim_is_bound(loading_stack: EngineStack) -> None:
    daemon_set = read(loading_stack, "daemonset", "node-cache-cpu", "--namespace", CACHES)
    claim = read(loading_stack, "persistentvolumeclaim", CLAIM, "--namespace", MODELS)

    assert daemon_set["status"]["desiredNumberScheduled"] == 2
    assert claim["status"]["phase"] == "Bound"
    assert [pod["status"]["phase"] for pod in pods_of(loading_stack, "local")] == ["Running"]


def test_no_service_has_a_loading_pod_behind_it(loading_stack: EngineStack) -> None:
    slices = read(loading_stack, "endpointslices", "--namespace", MODELS)["items"]
    behind = {end["targetRef"]["name"] for slice_ in slices for end in slice_["endpoints"]}
    serving = {
        pod["metadata"]["name"] for name in ("first", "nightly", "local") for pod in pods_of(loading_stack, name)
    }
    assert behind == serving


def test_a_second_up_changes_nothing_and_runs_no_job_again(loading_stack: EngineStack) -> None:
    before = {name: job["metadata"]["uid"] for name, job in jobs(loading_stack).items()}

    again = loading_stack.up("--expect-no-changes")
    refreshed = loading_stack.refresh()

    assert again.code == 0, again.text
    assert refreshed.code == 0, refreshed.text
    assert loading_stack.changes() == {}
    assert {name: job["metadata"]["uid"] for name, job in jobs(loading_stack).items()} == before


def test_a_new_digest_is_a_new_job_and_then_new_pods(loading_stack: EngineStack) -> None:
    first = loading_stack.section("models")[0]
    first["source"]["reference"] = first["source"]["reference"].replace(OLD, NEW)
    old_job = one_of(jobs(loading_stack), "first-preload-")["metadata"]["name"]

    assert set(loading_stack.changes()) == {"Job first", "Deployment first"}
    moved = loading_stack.up()

    assert moved.code == 0, moved.text
    job = one_of(jobs(loading_stack), "first-preload-")
    (pod,) = pods_of(loading_stack, "first")
    assert job["metadata"]["name"] != old_job
    assert pod["metadata"]["annotations"]["slipway.dev/model-digest"] == NEW
    assert job["status"]["completionTime"] <= pod["metadata"]["creationTimestamp"]
    assert loading_stack.changes() == {}


def test_a_new_digest_of_a_cached_model_restarts_no_cache(loading_stack: EngineStack) -> None:
    local = loading_stack.section("models")[2]
    local["source"]["reference"] = local["source"]["reference"].replace(OLD, NEW)

    assert loading_stack.changes() == {"ConfigMap node-cache-cpu": "update", "Deployment local": "update"}
    assert loading_stack.up().code == 0
    listed = read(loading_stack, "configmap", "node-cache-cpu", "--namespace", CACHES)["data"]["models.json"]
    assert NEW in listed


def test_a_new_node_gets_a_cache_of_its_own(loading_stack: EngineStack) -> None:
    loading_stack.section("nodePools")[0]["min"] = 3

    assert loading_stack.changes() == {"Node cpu-2": "create"}
    assert loading_stack.up().code == 0
    kubectl(loading_stack, "--namespace", CACHES, "rollout", "status", "daemonset/node-cache-cpu", "--timeout=50s")
    caches = read(loading_stack, "pods", "--namespace", CACHES)["items"]
    assert {cache["spec"]["nodeName"] for cache in caches} == {"cpu-0", "cpu-1", "cpu-2"}


def test_a_load_that_fails_fails_up_with_the_reason_and_the_old_pods_serve_on(loading_stack: EngineStack) -> None:
    """Exit code 5: the bytes are not what the digest promises. Nobody tries that twice."""
    first = loading_stack.section("models")[0]
    serving = pods_of(loading_stack, "first")[0]["metadata"]["uid"]
    first["loader"]["image"] = "rehearsal.invalid/exits:5"

    failed = loading_stack.up()

    assert failed.code != 0
    assert "failed with exit code 5 matching FailJob rule" in " ".join(failed.text.split())
    assert one_of(jobs(loading_stack), "first-preload-")["status"]["failed"] == 1
    (pod,) = pods_of(loading_stack, "first")
    assert pod["metadata"]["uid"] == serving
    assert pod["status"]["phase"] == "Running"


def test_the_next_up_tries_again_and_the_way_back_is_open(loading_stack: EngineStack) -> None:
    tried = one_of(jobs(loading_stack), "first-preload-")["metadata"]["uid"]
    assert loading_stack.up().code != 0
    assert one_of(jobs(loading_stack), "first-preload-")["metadata"]["uid"] != tried

    del loading_stack.section("models")[0]["loader"]["image"]
    healed = loading_stack.up()

    assert healed.code == 0, healed.text
    assert one_of(jobs(loading_stack), "first-preload-")["status"]["succeeded"] == 1
    assert loading_stack.changes() == {}


def test_a_run_of_the_schedule_ends_well(loading_stack: EngineStack) -> None:
    kubectl(loading_stack, "--namespace", MODELS, "create", "job", "by-hand", "--from=cronjob/nightly-sync")
    kubectl(loading_stack, "--namespace", MODELS, "wait", "--for=condition=Complete", "job/by-hand", "--timeout=50s")
    kubectl(loading_stack, "--namespace", MODELS, "delete", "job", "by-hand")


def test_destroy_leaves_nothing(loading_stack: EngineStack) -> None:
    listed = loading_stack.run("stack", "--show-urns").text
    urns = [word for word in listed.split() if word.startswith("urn:")]
    cluster = [urn for urn in urns if "LocalCluster" in urn or "pulumi:providers:kubernetes" in urn]
    assert loading_stack.run("state", "protect", "--yes", *cluster).code == 0

    destroyed = loading_stack.run("destroy", "--yes", "--skip-preview", "--exclude-protected")

    assert destroyed.code == 0, destroyed.text
    assert objects_of_ours(loading_stack, BUILT_IN) == set()
    spaces = {space["metadata"]["name"] for space in read(loading_stack, "namespaces")["items"]}
    assert not {MODELS, CACHES} & spaces
