"""What the component registers, in which order, and what it tells the others."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.objects import KubernetesObject
from components.workload.contract import Endpoint, ScaleTarget
from components.workload.model_server import ModelServer, ModelServerArgs, load_balancer_address
from stacks.spec.model import ExposeCluster, ExposeLoadBalancer
from tests.components.model_samples import ON_CARDS, load, serve
from tests.mocks import Recorded, Resource, Respond, deploy

ARGS = ModelServerArgs(
    namespace="models",
    server=serve(),
    loaded=load(),
    placement=ON_CARDS,
    expose=ExposeCluster(type="cluster"),
    min_pods=2,
    max_pods=6,
    strategy="surge",
    load_seconds=300,
    kubernetes_version=(1, 34),
)
OPEN = ExposeLoadBalancer.model_validate({"type": "loadBalancer", "sourceRanges": ("10.0.0.0/8",)})


def run(args: ModelServerArgs, respond: Respond | None = None) -> tuple[Recorded, list[Endpoint]]:
    made: list[Endpoint] = []

    def program() -> None:
        code = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "code", "namespace": "models"}}
        first = KubernetesObject("code", code, pulumi.ResourceOptions())
        server = ModelServer("qwen", replace(args, after=(first,)))
        pulumi.export("url", server.url)
        made.append(server.endpoint)

    return deploy(program, respond=respond), made


def one(recorded: Recorded, kind: str) -> Resource:
    (found,) = (resource for resource in recorded.resources if resource.type.endswith(f":{kind}"))
    return found


def test_every_object_is_a_child_of_the_component() -> None:
    recorded, _ = run(ARGS)
    owner = one(recorded, "ModelServer")
    assert owner.type == "slipway:workload:ModelServer"
    children = [resource for resource in recorded.resources if resource.parent == owner.urn]
    assert sorted(child.type.rsplit(":", 1)[1] for child in children) == [
        "Deployment",
        "PodDisruptionBudget",
        "Service",
    ]
    assert all(child.inputs["metadata"]["name"] == child.name == "qwen" for child in children)
    assert all(child.inputs["metadata"]["namespace"] == "models" for child in children)


def test_the_service_waits_for_the_deployment_and_that_for_what_it_needs() -> None:
    recorded, _ = run(ARGS)
    assert one(recorded, "Deployment").urn in one(recorded, "Service").dependencies
    assert one(recorded, "ConfigMap").urn in one(recorded, "Deployment").dependencies


def test_a_scaler_owns_the_number_of_pods() -> None:
    recorded, _ = run(ARGS)
    deployment = one(recorded, "Deployment")
    assert deployment.inputs["spec"]["replicas"] == 2
    assert deployment.options["ignoreChanges"] == ["spec.replicas"]


def test_without_a_scaler_the_program_owns_it() -> None:
    recorded, _ = run(replace(ARGS, min_pods=3, max_pods=3))
    deployment = one(recorded, "Deployment")
    assert deployment.inputs["spec"]["replicas"] == 3
    assert "ignoreChanges" not in deployment.options


def test_the_engine_waits_as_long_as_the_model_may_take() -> None:
    recorded, _ = run(ARGS)
    assert one(recorded, "Deployment").options["customTimeouts"] == {
        "create": "1405s",
        "update": "8130s",
        "delete": "360s",
    }


def test_one_pod_alone_gets_no_budget() -> None:
    recorded, _ = run(replace(ARGS, min_pods=1, max_pods=1))
    assert not [resource for resource in recorded.resources if resource.type.endswith("PodDisruptionBudget")]


def test_inside_the_cluster_the_url_is_the_services_name() -> None:
    recorded, _ = run(ARGS)
    assert recorded.outputs["url"] == "http://qwen.models.svc:8000"
    assert recorded.component_outputs[one(recorded, "ModelServer").urn] == {"url": "http://qwen.models.svc:8000"}


def test_behind_a_load_balancer_the_url_is_its_address() -> None:
    def respond(token: str, _name: str, _inputs: dict[str, Any]) -> dict[str, Any]:
        if not token.endswith(":Service"):
            return {}
        return {"status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}]}}}

    recorded, _ = run(replace(ARGS, expose=OPEN), respond)
    assert recorded.outputs["url"] == "http://198.51.100.7:8000"


@pytest.mark.parametrize(
    ("status", "address"),
    [
        (None, "address-pending"),
        ({"loadBalancer": {}}, "address-pending"),
        ({"loadBalancer": {"ingress": [{"hostname": "lb.example.com", "ip": "198.51.100.7"}]}}, "lb.example.com"),
    ],
)
def test_addresses(status: dict[str, Any] | None, address: str) -> None:
    assert load_balancer_address(status) == address


def test_the_endpoint_names_what_exists() -> None:
    recorded, (endpoint,) = run(ARGS)
    service, deployment = one(recorded, "Service"), one(recorded, "Deployment")
    ports = {port["name"] for port in service.inputs["spec"]["ports"]}
    containers = {container["name"] for container in deployment.inputs["spec"]["template"]["spec"]["containers"]}
    assert {endpoint.metrics_port_name, endpoint.metrics_port_name} <= ports
    assert (endpoint.service, endpoint.namespace) == ("qwen", "models")
    assert endpoint.container in containers
    assert endpoint.scale_target == ScaleTarget(api_version="apps/v1", kind="Deployment", name="qwen")
    assert endpoint.metrics_path == "/metrics"
