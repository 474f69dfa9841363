"""The component makes one scaler, after the model is there."""

import pulumi

from components.autoscaling.autoscaler import Autoscaler, AutoscalerArgs
from components.objects import KubernetesObject
from components.workload.contract import Endpoint, ScaleTarget
from stacks.spec.model import Scaling
from tests.components.model_samples import serve
from tests.mocks import Recorded, deploy

DEPLOYMENT = ScaleTarget(api_version="apps/v1", kind="Deployment", name="qwen")


def run(scaling: Scaling, target: ScaleTarget | None = DEPLOYMENT) -> Recorded:
    def program() -> None:
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "qwen", "namespace": "models"}}
        endpoint = Endpoint(
            name="qwen",
            namespace="models",
            url=pulumi.Output.from_input("http://qwen.models.svc:8000"),
            service="qwen",
            metrics_port_name="http",
            metrics_path="/metrics",
            scale_target=target,
            container="server",
            barrier=KubernetesObject("qwen", manifest, pulumi.ResourceOptions()),
        )
        args = AutoscalerArgs(
            endpoint=endpoint, server=serve(), scaling=scaling, prometheus_url="http://prometheus:9090"
        )
        Autoscaler("qwen", args)

    return deploy(program)


def test_one_scaler_that_waits_for_the_model() -> None:
    recorded = run(Scaling(min=1, max=4, on="queue"))
    found = {resource.type: resource for resource in recorded.resources}
    component = found.pop("slipway:autoscaling:Autoscaler")
    service = found.pop("kubernetes:core/v1:Service")
    scaler = found.pop("kubernetes:keda.sh/v1alpha1:ScaledObject")
    assert found == {}
    assert scaler.parent == component.urn
    assert service.urn in scaler.dependencies
    assert (scaler.inputs["spec"]["minReplicaCount"], scaler.inputs["spec"]["maxReplicaCount"]) == (1, 4)
    assert scaler.inputs["metadata"]["name"] == scaler.inputs["spec"]["scaleTargetRef"]["name"] == "qwen"


def test_a_fixed_number_of_pods_registers_nothing_more() -> None:
    assert len(run(Scaling(min=2)).resources) == 2


def test_a_runtime_that_scales_itself_gets_no_second_scaler() -> None:
    assert len(run(Scaling(min=1, max=4, on="queue"), target=None).resources) == 2
