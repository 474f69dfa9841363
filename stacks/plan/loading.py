"""Where a model's weights go and how long they take: derived once, used by rules and by build."""

from math import ceil
from typing import Final, Literal

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
from stacks.spec.source import ImageSource
from stacks.spec.stack import StackSpec

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
    if model.loader is None:
        return (
            ImageLoader(type="image")
            if isinstance(model.source, ImageSource)
            else _filled(spec, InitLoader(type="init"))
        )
    return _filled(spec, model.loader)


def _filled(spec: StackSpec, loader: Loader) -> Loader:
    if not isinstance(loader, InitLoader) or loader.into is not None:
        return loader
    return loader.model_copy(update={"into": "pod" if spec.storage.models is None else "storage"})


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
