"""Every shipped stack file through the whole program under mocks: what it registers, and what always holds."""

from __future__ import annotations

import json
import re
import runpy
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.mocks import Recorded, Resource, Secret, deploy
from tests.stack_files import DATA, ROOT, config_of

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

SHIPPED = [ROOT / "Pulumi.dev.yaml", ROOT / "Pulumi.prod.yaml", *sorted(ROOT.glob("examples/*.yaml"))]
VALID = [*SHIPPED, *sorted(DATA.glob("valid-*.yaml"))]
CANARY = "canary-of-a-secret"
SECRETS = {
    "slipway:kubeconfig": f"apiVersion: v1\nkind: Config\n# {CANARY}\n",
    "slipway:registryUsername": f"{CANARY}-user",
    "slipway:registryPassword": f"{CANARY}-password",
}


def run(path: Path, **extra: str) -> Recorded:
    """Run the program on a stack file as the engine would, with the secrets the file names."""
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config_of(path).items()}
    named = {key: value for key, value in SECRETS.items() if key.removeprefix("slipway:") in path.read_text()}
    secrets = {} if "type: rehearsal" in path.read_text() else named
    return deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py")),
        config={**config, **secrets, **extra},
        secrets=tuple(secrets),
        stack=path.stem.removeprefix("Pulumi."),
        respond=answer,
    )


def answer(type_: str, _name: str, _inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what a local cluster would say of itself, and a secret that is made up."""
    if "RandomPassword" in type_:
        return {"result": f"{CANARY}-made-up"}
    return {"kubeconfig": CANARY, "kubeconfig_path": "/clusters/kubeconfig"} if "LocalCluster" in type_ else {}


@pytest.fixture(scope="module", params=VALID, ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> Recorded:
    return run(request.param)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_graph_of_a_shipped_stack(path: Path, snapshot: SnapshotAssertion) -> None:
    graph = run(path)

    assert {"resources": [as_read(resource.inputs, resource) for resource in graph.resources]} == snapshot
    assert graph.outputs == snapshot


def as_read(inputs: dict[str, Any], resource: Any) -> dict[str, Any]:  # noqa: ANN401 - a recorded resource
    """Return what a reviewer wants to see of one resource; the agent's code is in its own files."""
    data = inputs.get("data")
    if resource.name == "loader-agent" and data:
        inputs = {**inputs, "data": sorted(data)}
    options = {key: value for key, value in resource.options.items() if key != "version"}
    seen = {"urn": resource.urn, "provider": resource.provider, "options": options, "inputs": inputs}
    return unnamed(seen)


def unnamed(value: Any) -> Any:  # noqa: ANN401 - any recorded value
    """Return a recorded value without the hash of the agent's code, which every edit of the agent changes."""
    if isinstance(value, str):
        return re.sub(r"(slipway-loader-agent|-preload|-first-sync)-[0-9a-f]{8}\b", r"\1-(by content)", value)
    if isinstance(value, dict):
        return {key: unnamed(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [unnamed(item) for item in cast("list[Any]", value)]
    return value


def kubernetes_objects(graph: Recorded) -> list[dict[str, Any]]:
    return [resource.inputs for resource in graph.resources if resource.type.startswith("kubernetes:")]


def of_kind(graph: Recorded, kind: str) -> list[dict[str, Any]]:
    return [manifest for manifest in kubernetes_objects(graph) if manifest["kind"] == kind]


def test_every_object_has_a_component_above_it_and_the_one_provider(recorded: Recorded) -> None:
    strays = [
        resource.urn
        for resource in recorded.resources
        if resource.type.startswith("kubernetes:")
        and (resource.provider != "cluster" or (not resource.parent and resource.name != "loader-agent"))
    ]

    assert strays == []


def test_selectors_find_the_pods_they_mean(recorded: Recorded) -> None:
    pods = {d["metadata"]["name"]: d["spec"]["template"]["metadata"]["labels"] for d in of_kind(recorded, "Deployment")}
    assert pods
    for deployment in of_kind(recorded, "Deployment"):
        wanted = deployment["spec"]["selector"]["matchLabels"].items()
        assert wanted <= pods[deployment["metadata"]["name"]].items()
    for service in of_kind(recorded, "Service"):
        chosen = [name for name, labels in pods.items() if service["spec"]["selector"].items() <= labels.items()]
        assert chosen == [service["metadata"]["name"]]


def container_ports(deployment: dict[str, Any]) -> set[str]:
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return {port["name"] for container in containers for port in container["ports"]}


def test_every_port_that_is_named_exists(recorded: Recorded) -> None:
    ports = {
        d["metadata"]["name"]: {
            port["name"] for c in d["spec"]["template"]["spec"]["containers"] for port in c["ports"]
        }
        for d in of_kind(recorded, "Deployment")
    }
    for service in of_kind(recorded, "Service"):
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports[service["metadata"]["name"]]
    services = {
        s["metadata"]["name"]: {port["name"] for port in s["spec"]["ports"]} for s in of_kind(recorded, "Service")
    }
    for monitor in of_kind(recorded, "ServiceMonitor"):
        assert {e["port"] for e in monitor["spec"]["endpoints"]} <= services[monitor["metadata"]["name"]]


def test_one_scaler_per_workload_and_it_exists(recorded: Recorded) -> None:
    targets = [hpa["spec"]["scaleTargetRef"]["name"] for hpa in of_kind(recorded, "HorizontalPodAutoscaler")]
    targets += [scaled["spec"]["scaleTargetRef"]["name"] for scaled in of_kind(recorded, "ScaledObject")]

    assert len(targets) == len(set(targets))
    assert set(targets) <= {deployment["metadata"]["name"] for deployment in of_kind(recorded, "Deployment")}


def test_names_fit_and_namespaces_are_said(recorded: Recorded) -> None:
    cluster_wide = {"Namespace", "Node", "PersistentVolume"}
    for manifest in kubernetes_objects(recorded):
        metadata = manifest["metadata"]
        assert len(metadata["name"]) <= 63
        assert (manifest["kind"] in cluster_wide) != ("namespace" in metadata), manifest["kind"]


def test_objects_come_after_what_they_stand_on_and_go_before_it(recorded: Recorded) -> None:
    """The engine deletes in the opposite order: no namespace, claim or policy goes before a pod that needs it."""
    by_urn = {resource.urn: resource for resource in recorded.resources}

    def below(resource: Resource) -> set[str]:
        found: set[str] = set()
        waiting = list(resource.dependencies)
        while waiting:
            urn = waiting.pop()
            if urn in by_urn and urn not in found:
                found.add(urn)
                waiting += by_urn[urn].dependencies
        return {f"{by_urn[urn].inputs.get('kind')}/{by_urn[urn].name}" for urn in found}

    there = {f"{resource.inputs.get('kind')}/{resource.name}" for resource in recorded.resources}
    pods_need = {
        "ConfigMap/loader-agent",
        "NetworkPolicy/allow-dns",
        "NetworkPolicy/default-deny",
        "PersistentVolumeClaim/model-store",
        "Secret/registry-credentials",
        "ServiceAccount/model-server",
    }
    for resource in recorded.resources:
        namespace = resource.inputs.get("metadata", {}).get("namespace")
        if namespace is not None:
            assert f"Namespace/{namespace}" in below(resource), resource.urn
        if resource.inputs.get("kind") == "Deployment":
            assert {*pods_need, f"NetworkPolicy/{resource.name}"} & there <= below(resource), resource.urn


def test_secrets_stay_secret(recorded: Recorded) -> None:
    """A secret may be in a Secret's data and in a provider, nowhere else, and never as plain text."""
    for resource in recorded.resources:
        assert CANARY not in json.dumps(without_secrets(resource.inputs)), resource.urn
    assert CANARY not in json.dumps(without_secrets(recorded.outputs))


def without_secrets(value: Any) -> Any:  # noqa: ANN401 - any recorded value
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, dict):
        return {key: without_secrets(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [without_secrets(item) for item in cast("list[Any]", value)]
    return value


def test_another_model_changes_no_other_name() -> None:
    path = ROOT / "Pulumi.dev.yaml"
    models = config_of(path)["slipway:models"]
    more = [{**models[1], "name": "zebra"}, *models]

    before = {resource.urn for resource in run(path).resources}
    after = {resource.urn for resource in run(path, **{"slipway:models": json.dumps(more)}).resources}

    assert before < after
    assert all("zebra" in urn for urn in after - before)
