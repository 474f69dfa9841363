"""Claims get volumes from the stand-in provisioner as from a real one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from rehearsal import cluster as clusters
from rehearsal.control_plane.options import ClusterOptions
from tests.rehearsal.cluster.helpers import Api, exists, make_namespace, wait_until

if TYPE_CHECKING:
    from rehearsal.control_plane.api import Object

pytestmark = pytest.mark.engine


def _is_bound(claim: Object) -> bool:
    return claim["status"]["phase"] == "Bound"


def test_claim_gets_a_matching_volume(api: Api) -> None:
    """Size, access modes and class of the volume are those of the claim."""
    api.claim("models", "standard")

    claim = api.wait("persistentvolumeclaims", "models", _is_bound)
    volume = api.client.request("GET", f"/api/v1/persistentvolumes/{claim['spec']['volumeName']}")

    assert claim["status"]["capacity"] == {"storage": "5Gi"}
    assert volume["spec"]["accessModes"] == ["ReadWriteMany"]
    assert volume["spec"]["storageClassName"] == "standard"
    assert volume["spec"]["claimRef"]["name"] == "models"


def test_first_class_is_the_default(api: Api) -> None:
    """A claim that names no class gets the first one of the options."""
    claim = api.claim("models", None)

    assert claim["spec"]["storageClassName"] == "standard"


def test_volume_goes_with_its_claim(api: Api) -> None:
    """Reclaim policy Delete: the provisioner removes the volume."""
    api.claim("models", "standard")
    volume = api.wait("persistentvolumeclaims", "models", _is_bound)["spec"]["volumeName"]

    api.client.request("DELETE", f"{api.path('persistentvolumeclaims')}/models")

    wait_until(lambda: not exists(api.client, f"/api/v1/persistentvolumes/{volume}"))


def test_first_consumer_class_waits_for_a_pod(api: Api, gpu_node: str) -> None:
    """The claim stays Pending until a pod that uses it has a node."""
    api.claim("models", "first-consumer")
    time.sleep(1)
    assert api.get("persistentvolumeclaims", "models")["status"]["phase"] == "Pending"

    api.pod("reader", volumes=[{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}])

    api.wait("persistentvolumeclaims", "models", _is_bound)
    pod = api.wait("pods", "reader", lambda found: found["status"]["phase"] == "Running")
    assert pod["spec"]["nodeName"] == gpu_node


def test_unknown_class_is_left_alone(api: Api) -> None:
    """Nobody serves a class that does not exist."""
    api.claim("models", "no-such-class")
    time.sleep(1)

    assert api.get("persistentvolumeclaims", "models")["status"]["phase"] == "Pending"


def test_delays_and_never(scratch_name: str) -> None:
    """Claims and addresses wait as long as the options say; a new create changes that in a running cluster."""
    options = ClusterOptions.model_validate({"storage_classes": ["slow"], "bind_delay_seconds": 6})
    cluster = clusters.create(scratch_name, options.model_copy(update={"address_delay_seconds": None}))
    api = make_namespace(cluster, "delays")
    api.claim("models", "slow")
    api.create("services", {"metadata": {"name": "web"}, "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}})

    time.sleep(1)
    assert api.get("persistentvolumeclaims", "models")["status"]["phase"] == "Pending"
    api.wait("persistentvolumeclaims", "models", _is_bound)
    time.sleep(1)
    assert api.get("services", "web")["status"]["loadBalancer"] == {}

    changed = clusters.create(scratch_name, options.model_copy(update={"bind_delay_seconds": None}))
    assert changed.identifier == cluster.identifier
    api.claim("other", "slow")
    api.wait("services", "web", lambda found: found["status"]["loadBalancer"].get("ingress"))
    time.sleep(1)
    assert api.get("persistentvolumeclaims", "other")["status"]["phase"] == "Pending"
