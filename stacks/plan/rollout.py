"""How pods of a model are replaced, computed from the room its pool has left."""

from typing import Literal

from stacks.plan.loading import access_of, loads_into
from stacks.plan.placement import accelerators_of
from stacks.plan.scaling import scaling_of
from stacks.spec.model import Model
from stacks.spec.node_pool import NodePool
from stacks.spec.stack import StackSpec

Replacement = Literal["recreate", "replace", "surge"]


def replacement_of(spec: StackSpec, model: Model, pool: NodePool) -> Replacement:
    """Return how a new version takes over.

    ``surge`` (a new pod first) where the pool has room for one pod more than all its models may have; else ``replace``
    (an old pod goes first), which needs a second pod to keep serving; else ``recreate``, with a gap nobody can avoid.
    """
    if model.source is not None and loads_into(spec, model) == "storage" and access_of(spec) == "ReadWriteOnce":
        return "recreate"
    if _has_room(spec, model, pool):
        return "surge"
    return "replace" if scaling_of(model).max_replicas > 1 else "recreate"


def _has_room(spec: StackSpec, model: Model, pool: NodePool) -> bool:
    """Return whether one pod more fits by accelerators, CPU and memory; how pods lie on nodes is not looked at."""
    tenants = [tenant for tenant in spec.models if tenant.placement.node_pool == pool.name]
    pods = [(tenant, scaling_of(tenant).max_replicas) for tenant in tenants]
    cards = pool.max * (pool.accelerators_per_node if pool.accelerator else 0)
    cards -= sum(count * accelerators_of(tenant, pool) for tenant, count in pods)
    cpu = pool.max * pool.cpu - sum(count * tenant.placement.cpu for tenant, count in pods)
    memory_gib = pool.max * pool.memory_gib - sum(count * tenant.placement.memory_gib for tenant, count in pods)
    own = model.placement
    return cards >= accelerators_of(model, pool) and cpu >= own.cpu and memory_gib >= own.memory_gib
