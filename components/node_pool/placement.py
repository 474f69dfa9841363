"""From a node pool to the selector, tolerations and cards of a pod; no Pulumi."""

from typing import Final

from components.accelerators import KUBERNETES_ACCELERATORS
from components.node_pool.contract import NodeTarget
from components.objects import Manifest
from stacks.spec.node_pool import NodePool, Taint

POOL_LABEL: Final = "slipway.dev/node-pool"
"""Label of every node of a pool that names no labels of its own."""


def pool_labels(pool: NodePool) -> dict[str, str]:
    """Return the labels that tell the pool's nodes from all others, sorted by key."""
    return dict(sorted(pool.labels.items())) if pool.labels else {POOL_LABEL: pool.name}


def pool_taints(pool: NodePool) -> tuple[Taint, ...]:
    """Return the taints of the pool's nodes, the accelerator's first; a taint of the pool with its key wins."""
    if pool.accelerator is None:
        return pool.taints
    shown = KUBERNETES_ACCELERATORS[pool.accelerator]
    if any(taint.key == shown.taint_key for taint in pool.taints):
        return pool.taints
    return (Taint(key=shown.taint_key, value=shown.taint_value), *pool.taints)


def placement_for(pool: NodePool, accelerators: int | None) -> NodeTarget:
    """Return how one pod gets onto the pool.

    Args:
        pool: the pool.
        accelerators: cards for the pod; None = 1 in an accelerator pool, else 0.
    """
    shown = None if pool.accelerator is None else KUBERNETES_ACCELERATORS[pool.accelerator]
    cards = int(shown is not None) if accelerators is None else accelerators
    accelerator_key = None if shown is None else shown.taint_key
    return NodeTarget(
        node_selector=pool_labels(pool),
        tolerations=tuple(_toleration(taint, any_value=taint.key == accelerator_key) for taint in pool_taints(pool)),
        resource=shown.resource if shown is not None and cards else None,
        accelerators=cards,
    )


def _toleration(taint: Taint, *, any_value: bool) -> Manifest:
    # Clouds put different values under the accelerator's key ("present", "true", none), so any value is tolerated.
    if any_value:
        return {"key": taint.key, "operator": "Exists", "effect": taint.effect}
    return {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
