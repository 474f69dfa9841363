"""Simulated nodes of one pool, as kwok 0.8 plays them ("Manage Nodes and Pods" of its documentation).

kwok makes an annotated node Ready and keeps the capacity it was created with (stage ``node-initialize``).
"""

from typing import Final

from components.accelerators import KUBERNETES_ACCELERATORS
from components.names import labels
from components.node_pool.placement import pool_labels, pool_taints
from components.objects import Manifest
from components.quantities import gibibytes
from stacks.spec.node_pool import NodePool

MAX_PODS: Final = 110
"""Pods one node takes; the kubelet's default ``maxPods`` (KubeletConfiguration v1beta1)."""

_KWOK: Final = {"kwok.x-k8s.io/node": "fake"}


def node_names(pool: NodePool) -> tuple[str, ...]:
    """Return the names of the pool's simulated nodes: ``min`` of them, or one for a pool that starts at zero.

    Nothing adds nodes in a rehearsal; with none at all every pod of the pool would stay Pending for ever.
    """
    return tuple(f"{pool.name}-{number}" for number in range(max(pool.min, 1)))


def render_node(pool: NodePool, name: str) -> Manifest:
    """Return one simulated node with everything the pool promises: capacity, cards, labels, taints."""
    resources = _resources(pool)
    taints = [{"effect": taint.effect, "key": taint.key, "value": taint.value} for taint in pool_taints(pool)]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": dict(_KWOK), "labels": _labels(pool, name)},
        "spec": {"taints": taints} if taints else {},
        "status": {"allocatable": resources, "capacity": dict(resources)},
    }


def _labels(pool: NodePool, name: str) -> dict[str, str]:
    shown = None if pool.accelerator is None else KUBERNETES_ACCELERATORS[pool.accelerator]
    cards = {} if shown is None else shown.labels(pool.accelerators_per_node)
    standard = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        # Not a type of any cloud: a rehearsal says what it is.
        "node.kubernetes.io/instance-type": "rehearsal",
    }
    everything = {**labels(pool.name, "node"), **standard, **cards, **pool_labels(pool)}
    return dict(sorted(everything.items()))


def _resources(pool: NodePool) -> dict[str, str]:
    resources = {
        "cpu": str(pool.cpu),
        "ephemeral-storage": gibibytes(pool.disk_gib),
        "memory": gibibytes(pool.memory_gib),
        "pods": str(MAX_PODS),
    }
    if pool.accelerator is not None:
        resources[KUBERNETES_ACCELERATORS[pool.accelerator].resource] = str(pool.accelerators_per_node)
    return resources
