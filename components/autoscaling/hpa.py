"""HorizontalPodAutoscaler on the processor share of the server container, for clusters without a metrics stack.

``ContainerResource`` (stable from 1.30, on by default from 1.27, KEP 1610) measures the server alone, so that a
loader beside it does not dilute the figure. It needs metrics-server and a processor request.
"""

from typing import Final

from components.autoscaling import behavior
from components.autoscaling.contract import Scaled
from components.names import labels
from components.objects import Manifest

CPU_PERCENT: Final = 70
"""Share of the requested processor per pod unless the stack says otherwise."""


def render(scaled: Scaled, *, cpu_percent: int) -> Manifest:
    """Return the autoscaler that keeps the server's processor use at ``cpu_percent`` of its request."""
    metric = {
        "type": "ContainerResource",
        "containerResource": {
            "container": scaled.container,
            "name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": cpu_percent},
        },
    }
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "name": scaled.name,
            "namespace": scaled.namespace,
            "labels": labels(scaled.name, "autoscaling"),
        },
        "spec": {
            "behavior": behavior.render(behavior.QUICK_START, grace_seconds=scaled.grace_seconds),
            "maxReplicas": scaled.max_pods,
            "metrics": [metric],
            "minReplicas": scaled.min_pods,
            "scaleTargetRef": scaled.target_reference,
        },
    }
