"""The cluster component: one provider per cluster and what the parts above learn of it."""

from typing import Any

import pulumi
import pytest
from pydantic import TypeAdapter

from components.cluster.contract import ClusterAccess
from components.cluster.dispatch import Cluster, ClusterArgs, parse_version
from components.objects import KubernetesObject
from stacks.spec.cluster import Cluster as ClusterSpec
from tests.components.spec_samples import pool
from tests.mocks import UNKNOWN, Recorded, Secret, deploy

PROVIDER = "pulumi:providers:kubernetes"
LOCAL = "pulumi-python:dynamic/slipway:LocalCluster"
REHEARSAL = {"type": "rehearsal", "name": "dev"}
KIND = {"type": "kind", "name": "dev", "operators": ("keda",), "kubernetesVersion": "1.33.1"}
_SPEC: TypeAdapter[ClusterSpec] = TypeAdapter(ClusterSpec)


def run(spec: dict[str, Any], *, preview: bool = False) -> tuple[Recorded, ClusterAccess]:
    made: list[ClusterAccess] = []

    def program() -> None:
        args = ClusterArgs(
            spec=_SPEC.validate_python(spec),
            node_pools=(pool("general"),),
            storage_classes=("fast",),
            open_crds=("scaledobjects.keda.sh",),
        )
        access = Cluster("cluster", args).access
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models"}}
        KubernetesObject("models", manifest, pulumi.ResourceOptions(provider=access.provider))
        pulumi.export("path", access.kubeconfig_path)
        made.append(access)

    def respond(type_: str, _name: str, _inputs: dict[str, Any]) -> dict[str, Any]:
        if type_ != LOCAL or preview:
            return {}
        return {"kubeconfig": "kubeconfig-canary", "kubeconfig_path": "/state/kubeconfig.yaml"}

    return deploy(program, preview=preview, respond=respond), made[0]


def test_rehearsal_cluster() -> None:
    recorded, access = run(REHEARSAL)
    local = recorded.one(LOCAL, "rehearsal-dev")
    assert (local.inputs["tool"], local.inputs["name"]) == ("rehearsal", "dev")
    assert local.inputs["options"]["storage_classes"] == ["fast"]
    assert local.inputs["options"]["open_crds"] == ["scaledobjects.keda.sh"]
    assert (access.name, access.kubernetes_version, access.simulated) == ("dev", (1, 34), True)
    assert recorded.outputs == {"path": "/state/kubeconfig.yaml"}


def test_kind_cluster() -> None:
    recorded, access = run(KIND)
    local = recorded.one(LOCAL, "kind-dev")
    assert local.inputs["tool"] == "kind"
    assert [node["role"] for node in local.inputs["options"]["config"]["nodes"]] == ["control-plane", "worker"]
    assert (access.kubernetes_version, access.simulated) == ((1, 33), False)
    assert recorded.one(PROVIDER).inputs["context"] == "kind-dev"


@pytest.mark.parametrize(("spec", "identifier"), [(REHEARSAL, "slipway-rehearsal-dev"), (KIND, "slipway-kind-dev")])
def test_identifier_is_plain_even_before_the_cluster_exists(spec: dict[str, Any], identifier: str) -> None:
    """An unknown identifier would show every object as replaced."""
    provider = run(spec, preview=True)[0].one(PROVIDER)
    assert provider.inputs["clusterIdentifier"] == identifier
    assert run(spec)[0].one(PROVIDER).inputs["clusterIdentifier"] == identifier


def test_the_one_provider_has_the_kubeconfig_as_a_secret_and_edits_in_place() -> None:
    recorded, _ = run(REHEARSAL)
    provider = recorded.one(PROVIDER, "cluster")
    assert provider.inputs["kubeconfig"] == Secret("kubeconfig-canary")
    assert provider.inputs["enableConfigMapMutable"] == "true"
    assert provider.inputs["enableSecretMutable"] == "true"
    assert provider.parent.endswith("slipway:cluster:Cluster::cluster")
    assert recorded.one("kubernetes:core/v1:Namespace").provider == "cluster"


def test_preview_without_a_cluster_goes_through() -> None:
    recorded, _ = run(REHEARSAL, preview=True)
    assert recorded.outputs["path"] in (None, UNKNOWN)
    assert recorded.one("kubernetes:core/v1:Namespace").provider == "cluster"


@pytest.mark.parametrize(("text", "version"), [("1.34", (1, 34)), ("1.29.10", (1, 29))])
def test_version(text: str, version: tuple[int, int]) -> None:
    assert parse_version(text) == version
