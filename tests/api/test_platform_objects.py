"""Namespace, policies, identity, pull secret, storage and nodes on a real API server, strictly.

The last tests keep objects, because what they show only happens then: binding, and what the server does to a node.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from components.node_pool.placement import placement_for
from components.node_pool.rehearsal import node_names, render_node
from components.registry.pull_secret import docker_config, render_secret
from components.security.namespace import render_namespace
from components.security.network_policy import ModelTraffic, render_default_deny, render_dns, render_model
from components.security.service_account import render_service_account
from components.storage.dispatch import plan_storage
from stacks.spec.accelerators import ACCELERATORS
from tests.api.conftest import NAMESPACE
from tests.api.kubectl import Kubectl, Refused
from tests.components.spec_samples import claim, nfs, pool
from tests.rehearsal.cluster.helpers import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.objects import Manifest
    from stacks.spec.storage import ModelVolume

pytestmark = pytest.mark.engine

TRAFFIC = ModelTraffic(
    serving_port=8000,
    client_namespaces=("gateway",),
    source_ranges=("10.0.0.0/8",),
    metrics_ports=(8002,),
    monitoring_namespace="monitoring",
    loader_ports=(443, 5000),
    loader_cidrs=(),
)
ENCODED = b64encode(docker_config("registry.example.com", "robot", "not a real password").encode()).decode()
OBJECTS: dict[str, Manifest] = {
    "namespace-baseline": render_namespace("api-platform", "baseline", (1, 34)),
    "namespace-restricted": render_namespace("api-platform", "restricted", (1, 34)),
    "default-deny": render_default_deny(NAMESPACE),
    "allow-dns": render_dns(NAMESPACE),
    "model-policy": render_model("qwen", NAMESPACE, TRAFFIC),
    "service-account": render_service_account("model-server", NAMESPACE, ["registry-pull"]),
    "pull-secret": render_secret("registry-pull", NAMESPACE, ENCODED),
}
VOLUMES: dict[str, ModelVolume] = {"claim": claim(storageClass="standard"), "nfs": nfs()}


def send(kubectl: Kubectl, *manifests: Manifest) -> str:
    whole = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    return kubectl.run("create", "--dry-run=server", "--validate=strict", "-f", "-", document=whole)


def read(kubectl: Kubectl, what: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kubectl.run("get", *what.split(), "-o", "json"))
    return found


@pytest.fixture
def card_node(restricted: Kubectl) -> Iterator[Manifest]:
    """A simulated node with cards that is really there, as it was sent."""
    cards = pool("api-l20", accelerator="nvidia-l20", acceleratorsPerNode=4, taints=({"key": "team", "value": "a"},))
    manifest = render_node(cards, node_names(cards)[0])
    restricted.run("create", "--validate=strict", "-f", "-", document=manifest)
    yield manifest
    restricted.run("delete", "node", manifest["metadata"]["name"], "--wait=false")


@pytest.mark.parametrize("name", OBJECTS)
def test_object_is_accepted(restricted: Kubectl, name: str) -> None:
    assert "(server dry run)" in send(restricted, OBJECTS[name])


@pytest.mark.parametrize("name", VOLUMES)
def test_storage_is_accepted(restricted: Kubectl, name: str) -> None:
    plan = plan_storage(VOLUMES[name], "api-store", NAMESPACE)
    assert plan.claim is not None
    send(restricted, plan.claim, *([plan.volume] if plan.volume else []))


@pytest.mark.parametrize("accelerator", [None, *ACCELERATORS])
def test_node_with_any_accelerator_is_accepted(restricted: Kubectl, accelerator: str | None) -> None:
    send(restricted, render_node(pool("api-node", accelerator=accelerator, acceleratorsPerNode=8), "api-node-0"))


def test_misspelt_field_is_refused(restricted: Kubectl) -> None:
    policy = render_default_deny(NAMESPACE)
    with pytest.raises(Refused, match='unknown field "podSelectors"'):
        send(restricted, {**policy, "spec": {**policy["spec"], "podSelectors": {}}})


def test_credentials_that_are_no_docker_configuration_are_refused(restricted: Kubectl) -> None:
    with pytest.raises(Refused, match="dockerconfigjson"):
        send(restricted, render_secret("registry-pull", NAMESPACE, b64encode(b"no JSON").decode()))


def test_nfs_claim_binds_to_its_own_volume(restricted: Kubectl) -> None:
    plan = plan_storage(nfs(), "api-bound", NAMESPACE)
    assert plan.volume is not None
    assert plan.claim is not None
    try:
        restricted.run("create", "-f", "-", document=plan.volume)
        restricted.run("create", "-f", "-", document=plan.claim)
        restricted.run(
            "wait", "--for=jsonpath={.status.phase}=Bound", "pvc/api-bound", "-n", NAMESPACE, "--timeout=30s"
        )
        assert read(restricted, f"pvc api-bound -n {NAMESPACE}")["spec"]["volumeName"] == f"{NAMESPACE}-api-bound"
    finally:
        restricted.run("delete", "pvc", "api-bound", "-n", NAMESPACE, "--ignore-not-found", "--wait=false")
        restricted.run("delete", "pv", f"{NAMESPACE}-api-bound", "--ignore-not-found", "--wait=false")


def test_node_becomes_ready_with_the_capacity_it_was_created_with(restricted: Kubectl, card_node: Manifest) -> None:
    name = card_node["metadata"]["name"]
    restricted.run("wait", "--for=condition=Ready", f"node/{name}", "--timeout=30s")
    wait_until(lambda: read(restricted, f"node {name}")["spec"]["taints"] == card_node["spec"]["taints"])
    node = read(restricted, f"node {name}")
    assert node["status"]["capacity"] == card_node["status"]["capacity"]
    assert node["status"]["allocatable"] == card_node["status"]["allocatable"]
    assert card_node["metadata"]["labels"].items() <= node["metadata"]["labels"].items()


def test_update_of_a_nodes_capacity_is_lost(restricted: Kubectl, card_node: Manifest) -> None:
    """Why a pool with other figures replaces its nodes."""
    name = card_node["metadata"]["name"]
    bigger = {**card_node, "status": {"capacity": {**card_node["status"]["capacity"], "cpu": "99"}}}
    restricted.run("apply", "--server-side", "--force-conflicts", "-f", "-", document=bigger)
    assert read(restricted, f"node {name}")["status"]["capacity"]["cpu"] == "16"


def test_pod_placed_on_the_pool_gets_its_cards_there(restricted: Kubectl, card_node: Manifest) -> None:
    cards = pool("api-l20", accelerator="nvidia-l20", acceleratorsPerNode=4, taints=({"key": "team", "value": "a"},))
    target = placement_for(cards, 2)
    container = {
        "name": "main",
        "image": "none",
        "resources": {"limits": {target.resource: str(target.accelerators)}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    spec = {
        "containers": [container],
        "nodeSelector": target.node_selector,
        "tolerations": list(target.tolerations),
        "serviceAccountName": "models",
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "api-placed", "namespace": NAMESPACE}, "spec": spec}
    try:
        restricted.run("create", "-f", "-", document=pod)
        restricted.run("wait", "--for=condition=Ready", "pod/api-placed", "-n", NAMESPACE, "--timeout=30s")
        placed = read(restricted, f"pod api-placed -n {NAMESPACE}")["spec"]["nodeName"]
        assert placed == card_node["metadata"]["name"]
    finally:
        restricted.run("delete", "pod", "api-placed", "-n", NAMESPACE, "--ignore-not-found", "--wait=false")
