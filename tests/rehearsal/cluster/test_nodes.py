"""Simulated nodes and pods behave like real ones as far as the API can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.cluster.helpers import exists, wait_until

if TYPE_CHECKING:
    from rehearsal.control_plane.api import Object
    from tests.rehearsal.cluster.helpers import Api

pytestmark = pytest.mark.engine


def _is_ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def test_gpu_pod_with_init_container_and_sidecar_runs(api: Api, gpu_node: str) -> None:
    """The init container has completed, the native sidecar and the container run, the GPU is counted."""
    pod = {
        "initContainers": [
            {"name": "load", "image": "none"},
            {"name": "sync", "image": "none", "restartPolicy": "Always"},
        ],
        "containers": [{"name": "main", "image": "none", "resources": {"limits": {"nvidia.com/gpu": "1"}}}],
    }
    api.pod("model", **pod)

    found = api.wait("pods", "model", _is_ready)

    load, sync = found["status"]["initContainerStatuses"]
    assert found["spec"]["nodeName"] == gpu_node
    assert load["state"]["terminated"]["exitCode"] == 0
    assert sync["started"]
    assert "running" in sync["state"]
    assert found["status"]["podIP"]


def test_too_many_gpus_are_refused_by_the_scheduler(api: Api, gpu_node: str) -> None:
    """The scheduler is the real one and says what is missing."""
    assert gpu_node
    api.pod("big", containers=[{"name": "m", "image": "none", "resources": {"limits": {"nvidia.com/gpu": "64"}}}])

    found = api.wait("pods", "big", lambda pod: pod["status"].get("conditions"))

    assert "Insufficient nvidia.com/gpu" in found["status"]["conditions"][0]["message"]


def test_job_completes(api: Api, gpu_node: str) -> None:
    """A Job whose pod has a native sidecar ends."""
    assert gpu_node
    sidecar = {"name": "sync", "image": "none", "restartPolicy": "Always"}
    pod = {"restartPolicy": "Never", "initContainers": [sidecar], "containers": [{"name": "m", "image": "none"}]}
    body: Object = {"metadata": {"name": "once"}, "spec": {"template": {"spec": pod}}}
    api.create("jobs", body, "/apis/batch/v1")

    found = api.wait("jobs", "once", lambda job: job["status"].get("succeeded"), "/apis/batch/v1")

    assert found["status"]["succeeded"] == 1


def test_job_fails_with_the_exit_code_its_image_asks_for(api: Api, gpu_node: str) -> None:
    """The Job controller is the real one: the policy's verdict on the exit code is its own."""
    assert gpu_node
    pod = {"restartPolicy": "Never", "containers": [{"name": "m", "image": "rehearsal.invalid/exits:5"}]}
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [5]}}
    spec = {"template": {"spec": pod}, "podFailurePolicy": {"rules": [rule]}}
    api.create("jobs", {"metadata": {"name": "hopeless"}, "spec": spec}, "/apis/batch/v1")

    found = api.wait("jobs", "hopeless", lambda job: job["status"].get("failed"), "/apis/batch/v1")

    api.wait("jobs", "hopeless", lambda job: _reason_of_failure(job) == "PodFailurePolicy", "/apis/batch/v1")
    assert found["status"]["failed"] == 1


def _reason_of_failure(job: Object) -> str:
    return next((c["reason"] for c in job["status"].get("conditions", []) if c["type"] == "Failed"), "")


def test_slow_and_failing_pods_can_be_played(api: Api, gpu_node: str) -> None:
    """Two annotations play a slow start and an image that cannot be pulled."""
    assert gpu_node

    def create(name: str, annotation: str, value: str) -> None:
        metadata = {"name": name, "annotations": {f"rehearsal.slipway.dev/{annotation}": value}}
        api.create("pods", {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": "none"}]}})

    create("slow", "ready-after", "2s")
    create("failing", "fail", "ImagePullBackOff")
    failing = api.wait("pods", "failing", lambda pod: pod["status"].get("containerStatuses"))

    assert failing["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ImagePullBackOff"
    assert not _is_ready(api.get("pods", "slow"))
    api.wait("pods", "slow", _is_ready)
    assert not _is_ready(api.get("pods", "failing"))


def test_logs_say_that_the_pod_is_simulated(api: Api, gpu_node: str) -> None:
    """Somebody who asks for the logs learns why there are none."""
    assert gpu_node
    api.pod("model")
    api.wait("pods", "model", _is_ready)

    answer = api.client.request("GET", f"{api.path('pods')}/model/log")

    assert "simulated node" in str(answer)


def test_a_simulated_node_keeps_its_lease(api: Api, gpu_node: str) -> None:
    """Without a lease the controller manager would take every node for lost within a minute."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{gpu_node}"

    wait_until(lambda: exists(api.client, path))

    assert api.client.request("GET", path)["spec"]["leaseDurationSeconds"] == 40


def test_pods_of_a_node_that_was_lost_become_ready_again(api: Api, gpu_node: str) -> None:
    """A machine that slept marks them not ready; a kubelet would put that right."""
    assert gpu_node
    api.pod("model")
    api.wait("pods", "model", _is_ready)
    lost: Object = {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "NodeNotReady"}]}}
    path = f"{api.path('pods')}/model/status"
    marked = api.client.request("PATCH", path, lost, content_type="application/strategic-merge-patch+json")
    assert not _is_ready(marked)

    api.wait("pods", "model", _is_ready)
