"""Which scaler a model gets, and what both kinds look like."""

from typing import Any

import pytest

from components.autoscaling import dispatch
from components.autoscaling.contract import Scaled
from components.objects import Manifest
from components.runtimes.contract import Server
from components.workload.contract import ScaleTarget
from stacks.spec.model import Scaling
from tests.components.model_samples import HTTP, serve

PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"


def scaled(low: int = 2, high: int = 6, grace: int = 60) -> Scaled:
    return Scaled(
        name="qwen",
        namespace="models",
        target=ScaleTarget(api_version="apps/v1", kind="Deployment", name="qwen"),
        service="qwen",
        container="server",
        min_pods=low,
        max_pods=high,
        grace_seconds=grace,
    )


def scaling(**fields: Any) -> Scaling:  # noqa: ANN401 - fields of the section, checked by pydantic
    return Scaling.model_validate({"min": 2, "max": 6, **fields})


def render(section: Scaling, server: Server | None = None, workload: Scaled | None = None) -> Manifest:
    manifest = dispatch.render(section, server or serve(), workload or scaled(), prometheus_url=PROMETHEUS)
    assert manifest is not None
    return manifest


@pytest.mark.parametrize("section", [scaling(on="cpu"), scaling(on="queue")])
def test_a_fixed_number_of_pods_has_no_scaler(section: Scaling) -> None:
    assert dispatch.render(section, serve(), scaled(3, 3), prometheus_url=None) is None


def test_without_a_signal_there_is_no_scaler() -> None:
    assert dispatch.render(scaling(), serve(), scaled(), prometheus_url=PROMETHEUS) is None


def test_the_scaled_object() -> None:
    assert render(scaling(on="queue"))["spec"] == {
        "advanced": {
            "horizontalPodAutoscalerConfig": {
                "behavior": {
                    "scaleUp": {
                        "policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}],
                        "stabilizationWindowSeconds": 0,
                    },
                    "scaleDown": {
                        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 180}],
                        "stabilizationWindowSeconds": 600,
                    },
                }
            }
        },
        "fallback": {"behavior": "currentReplicasIfHigher", "failureThreshold": 3, "replicas": 3},
        "maxReplicaCount": 6,
        "minReplicaCount": 2,
        "pollingInterval": 15,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "qwen"},
        "triggers": [
            {
                "type": "prometheus",
                "name": "queue",
                "metricType": "AverageValue",
                "metadata": {
                    "ignoreNullValues": "false",
                    "query": 'sum(vllm:num_requests_waiting{namespace="models",service="qwen"})',
                    "serverAddress": PROMETHEUS,
                    "threshold": "5",
                },
            }
        ],
    }


@pytest.mark.parametrize(("low", "high", "pods"), [(1, 2, 2), (1, 8, 3), (5, 8, 5)])
def test_the_fallback_stays_between_the_bounds(low: int, high: int, pods: int) -> None:
    assert render(scaling(on="queue"), workload=scaled(low, high))["spec"]["fallback"]["replicas"] == pods


def test_the_autoscaler() -> None:
    manifest = render(scaling(on="cpu", target=60), serve(HTTP))
    assert (manifest["apiVersion"], manifest["kind"]) == ("autoscaling/v2", "HorizontalPodAutoscaler")
    assert manifest["spec"] == {
        "behavior": {
            "scaleUp": {
                "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
                "stabilizationWindowSeconds": 0,
            },
            "scaleDown": {
                "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
                "stabilizationWindowSeconds": 300,
            },
        },
        "maxReplicas": 6,
        "metrics": [
            {
                "type": "ContainerResource",
                "containerResource": {
                    "container": "server",
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 60},
                },
            }
        ],
        "minReplicas": 2,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "qwen"},
    }


def test_the_processor_target_has_a_default() -> None:
    (metric,) = render(scaling(on="cpu"), serve(HTTP))["spec"]["metrics"]
    assert metric["containerResource"]["target"]["averageUtilization"] == 70


@pytest.mark.parametrize(("grace", "seconds"), [(60, 180), (330, 330), (3620, 1800)])
def test_pods_leave_no_faster_than_they_drain(grace: int, seconds: int) -> None:
    spec = render(scaling(on="queue"), workload=scaled(grace=grace))["spec"]
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior["scaleDown"]["policies"][0]["periodSeconds"] == seconds


@pytest.mark.parametrize(("target", "threshold"), [(9, "9"), (None, "5")])
def test_the_queue_target_comes_from_the_stack_or_the_runtime(target: int | None, threshold: str) -> None:
    (trigger,) = render(scaling(on="queue", target=target))["spec"]["triggers"]
    assert trigger["metadata"]["threshold"] == threshold


def test_a_runtime_without_a_queue_cannot_scale_on_it() -> None:
    with pytest.raises(ValueError, match=r'"qwen": scaling.on is "queue".*shows no queue; set scaling.on to "cpu"'):
        render(scaling(on="queue"), serve(HTTP))


def test_without_prometheus_the_queue_cannot_be_asked() -> None:
    with pytest.raises(ValueError, match=r"no monitoring.prometheusUrl"):
        dispatch.render(scaling(on="queue"), serve(), scaled(), prometheus_url=None)
