"""KEDA ScaledObject on the requests that wait in the runtime (KEDA 2.20, Prometheus scaler and ScaledObject pages).

Losing the metric must never look like an empty queue. Three settings see to that: the query gives exactly one element,
an empty or not-a-number answer is an error (``ignoreNullValues: "false"``; the default turns it into 0), and after
three errors the fallback keeps at least the pods that are there.
"""

from typing import Final

from components.autoscaling import behavior
from components.autoscaling.contract import Scaled
from components.names import labels
from components.objects import Manifest

_POLLING_SECONDS: Final = 15
_FAILURES: Final = 3
_FALLBACK_PODS: Final = 3  # or the minimum, if that is more


def query(metric: str, *, namespace: str, service: str) -> str:
    """Return the waiting requests of all pods of one model.

    ``namespace`` and ``service`` are labels the Prometheus operator gives to what a ServiceMonitor finds.
    """
    return f'sum({metric}{{namespace="{namespace}",service="{service}"}})'


def render(scaled: Scaled, *, metric: str, waiting_per_pod: int, prometheus_url: str) -> Manifest:
    """Return the ScaledObject.

    Args:
        scaled: the workload.
        metric: gauge of waiting requests.
        waiting_per_pod: the sum divided by this is the number of pods (``AverageValue``).
        prometheus_url: where KEDA's operator reaches Prometheus.
    """
    pace = behavior.render(behavior.SLOW_START, grace_seconds=scaled.grace_seconds)
    question = query(metric, namespace=scaled.namespace, service=scaled.service)
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {
            "name": scaled.name,
            "namespace": scaled.namespace,
            "labels": labels(scaled.name, "autoscaling"),
        },
        "spec": {
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": pace}},
            "fallback": {
                "behavior": "currentReplicasIfHigher",
                "failureThreshold": _FAILURES,
                "replicas": min(max(scaled.min_pods, _FALLBACK_PODS), scaled.max_pods),
            },
            "maxReplicaCount": scaled.max_pods,
            "minReplicaCount": scaled.min_pods,
            "pollingInterval": _POLLING_SECONDS,
            "scaleTargetRef": scaled.target_reference,
            "triggers": [_trigger(question, waiting_per_pod, prometheus_url)],
        },
    }


def _trigger(question: str, waiting_per_pod: int, prometheus_url: str) -> Manifest:
    return {
        "type": "prometheus",
        "name": "queue",
        "metricType": "AverageValue",
        "metadata": {
            "ignoreNullValues": "false",
            "query": question,
            "serverAddress": prometheus_url,
            "threshold": str(waiting_per_pod),
        },
    }
