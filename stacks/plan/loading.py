"""Where a model's weights go and how long they take: derived once, used by rules and by build."""

from math import ceil
from typing import Final, Literal

from stacks.plan.capabilities import has_sidecars
from stacks.plan.loader_choice import Choice, Situation, choose
from stacks.plan.placement import pool_of
from stacks.plan.scaling import scaling_of
from stacks.spec.loader import (
    ImageLoader,
    InitLoader,
    Loader,
    NodeCacheLoader,
    PreloadLoader,
    SidecarLoader,
    SyncLoader,
)
from stacks.spec.model import Model
from stacks.spec.runtime import HttpRuntime
from stacks.spec.source import ImageSource
from stacks.spec.stack import StackSpec
from stacks.spec.storage import AccessMode

READ_MIB_PER_SECOND: Final = 200
"""Slow but usual sequential read of a network volume, MiB/s; budgets are made with it, not promises."""

STARTUP_FLOOR_SECONDS: Final = 600
"""Shortest start-up budget of a server with weights: compiling and warming up take minutes whatever the size
(KServe allows its vLLM runtime 60 x 30 s)."""

PLAIN_STARTUP_SECONDS: Final = 120
"""Start-up budget of a server that brings everything in its image."""

_SLACK: Final = 2


def loader_of(spec: StackSpec, model: Model) -> Loader:
    """Return the model's loader with everything left out filled in."""
    return choice_of(spec, model).loader


def choice_of(spec: StackSpec, model: Model) -> Choice:
    """Return the loader and why it is this one."""
    written = model.loader
    if written is None:
        return choose(_situation(spec, model))
    if isinstance(written, InitLoader) and written.into is None:
        written = written.model_copy(update={"into": "pod" if spec.storage.models is None else "storage"})
    return Choice(loader=written, reason="the stack file says so")


def _situation(spec: StackSpec, model: Model) -> Situation:
    source, pool, volume = model.source, pool_of(spec, model), spec.storage.models
    reload = model.runtime.reload if isinstance(model.runtime, HttpRuntime) else None
    pods = scaling_of(model).max_replicas
    others = (other for other in spec.models if other is not model and other.source is not None)
    one_machine = pool is not None and pool.max == 1
    alone = all(one_machine and other.placement.node_pool == model.placement.node_pool for other in others)
    return Situation(
        image=isinstance(source, ImageSource),
        size_gib=0 if source is None else source.size_gib,
        room_gib=0 if source is None else source.disk_mib / 1024,
        max_pods=pods,
        access=access_of(spec),
        storage_gib=None if volume is None or volume.type == "existingClaim" else volume.size_gib,
        one_node=alone and (pods == 1 or one_machine),
        node_disk_gib=0 if pool is None else pool.disk_gib,
        steady=pool is not None and pool.min == pool.max,
        serverless=pool is not None and pool.serverless,
        sidecars=has_sidecars(spec.cluster),
        reload=None if reload is None else reload.type,
        follows=source is not None and source.followed is not None,
    )


def access_of(spec: StackSpec) -> AccessMode | None:
    """Return how many nodes may mount the shared volume; None where there is none."""
    volume = spec.storage.models
    if volume is None:
        return None
    return "ReadWriteMany" if volume.type == "nfs" else volume.access_mode


def loads_into(spec: StackSpec, model: Model) -> Literal["pod", "storage", "node"]:
    """Return where the weights lie: a volume of the pod's own, the shared volume, or the node's disk."""
    match loader_of(spec, model):
        case InitLoader(into=into):
            return into or "pod"
        case SidecarLoader():
            return "pod"
        case SyncLoader() | PreloadLoader():
            return "storage"
        case NodeCacheLoader() | ImageLoader():
            return "node"


def copies_of(loader: Loader) -> int:
    """Return how many versions lie beside each other where the loader puts them."""
    return loader.versions if isinstance(loader, SidecarLoader | SyncLoader) else 1


def startup_seconds(model: Model) -> int:
    """Return the start-up budget: as written, else twice the time to read the weights, at least ten minutes."""
    if model.rollout.startup_seconds is not None:
        return model.rollout.startup_seconds
    if model.source is None:
        return PLAIN_STARTUP_SECONDS
    return max(STARTUP_FLOOR_SECONDS, ceil(model.source.size_gib * 1024 / READ_MIB_PER_SECOND * _SLACK))


def load_seconds(model: Model) -> int:
    """Return the time moving the weights to the pod may take; zero without weights."""
    return 0 if model.source is None else ceil(model.source.size_gib * 1024 / READ_MIB_PER_SECOND * _SLACK) + 60
