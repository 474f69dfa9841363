"""A namespace at the Pod Security level "restricted", and the real schemas of the operators' objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.api.kubectl import Kubectl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearsal.cluster import Cluster

NAMESPACE = "api-objects"
CRDS = Path(__file__).parents[3] / "shared" / "crds"
KINDS = {
    "keda-v2.21.0.yaml": ("ScaledObject",),
    "prometheus-operator-v0.93.0.yaml": ("PodMonitor", "PrometheusRule", "ServiceMonitor"),
}
SUFFIX = ".schema.test"
"""Ends the groups of the real schemas: the shared cluster has schema-less definitions under the true names."""


@pytest.fixture(scope="session")
def restricted(rehearsal_cluster: Cluster) -> Iterator[Kubectl]:
    """The namespace with the ServiceAccount that the pods name."""
    kubectl = Kubectl(rehearsal_cluster.kubeconfig_path, NAMESPACE)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    kubectl.run("apply", "-f", "-", document=namespace)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "models", "namespace": NAMESPACE}}
    kubectl.run("apply", "-f", "-", document=account)
    yield kubectl
    kubectl.run("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(scope="session")
def real_schemas(restricted: Kubectl) -> Iterator[Kubectl]:
    """The same namespace, in a cluster that knows the operators' schemas under groups ending in ``SUFFIX``."""
    if not CRDS.is_dir():
        pytest.skip("needs the operators' CustomResourceDefinitions, which are not part of this tree")
    definitions = [_renamed(definition) for definition in _read()]
    whole = {"apiVersion": "v1", "kind": "List", "items": definitions}
    restricted.run("apply", "--server-side", "-f", "-", document=whole)
    names = [f"crd/{definition['metadata']['name']}" for definition in definitions]
    restricted.run("wait", "--for=condition=Established", *names, "--timeout=60s")
    yield restricted
    restricted.run("delete", *names, "--wait=false")


def _read() -> Iterator[dict[str, Any]]:
    for file, kinds in KINDS.items():
        for definition in yaml.load_all((CRDS / file).read_text(), Loader=yaml.CSafeLoader):
            if definition and definition["spec"]["names"]["kind"] in kinds:
                yield definition


def _renamed(definition: dict[str, Any]) -> dict[str, Any]:
    group = definition["spec"]["group"] + SUFFIX
    name = f"{definition['spec']['names']['plural']}.{group}"
    return {**definition, "metadata": {"name": name}, "spec": {**definition["spec"], "group": group}}
