"""Deployment, Service and PodDisruptionBudget of one model."""

from typing import Final, assert_never

from components.names import labels, selector
from components.objects import Manifest
from components.runtimes.contract import Server
from components.workload.pod import COMPONENT
from components.workload.rollout import MIN_READY_SECONDS, RolloutTimes, Strategy, strategy
from stacks.spec.model import Expose, ExposeCluster, ExposeLoadBalancer

_REVISIONS: Final = 5


def _metadata(name: str, namespace: str) -> Manifest:
    return {"name": name, "namespace": namespace, "labels": labels(name, COMPONENT)}


def deployment(
    name: str, namespace: str, template: Manifest, *, replicas: int, chosen: Strategy, budget: RolloutTimes
) -> Manifest:
    """Return the Deployment; ``replicas`` is the minimum, which a scaler takes over."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(name, namespace),
        "spec": {
            "minReadySeconds": MIN_READY_SECONDS,
            "progressDeadlineSeconds": budget.progress,
            "replicas": replicas,
            "revisionHistoryLimit": _REVISIONS,
            "selector": {"matchLabels": selector(name)},
            "strategy": strategy(chosen),
            "template": template,
        },
    }


def service(name: str, namespace: str, server: Server, expose: Expose) -> Manifest:
    """Return the Service; its ports carry the container's names, so a monitor cannot name one that is missing."""
    ports = [
        {"name": port, "port": number, "protocol": "TCP", "targetPort": port}
        for port, number in sorted(server.ports.items())
    ]
    spec: Manifest = {"ports": ports, "selector": selector(name)}
    match expose:
        case ExposeCluster():
            spec["type"] = "ClusterIP"
        case ExposeLoadBalancer():
            spec |= {
                # Keeps the caller's address, without which the network policy's ranges match nobody.
                "externalTrafficPolicy": "Local",
                "loadBalancerSourceRanges": sorted(expose.source_ranges),
                "type": "LoadBalancer",
            }
        case _:
            assert_never(expose)
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(name, namespace), "spec": spec}


def disruption_budget(name: str, namespace: str, *, max_pods: int) -> Manifest | None:
    """Return the budget for voluntary evictions, one pod at a time; None for a model of one pod.

    There it would guard nothing with one pod and could only hold up the draining of a node. ``AlwaysAllow`` lets a node
    be emptied of pods that never became ready (KEP 3017).
    """
    if max_pods == 1:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(name, namespace),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(name)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
