"""Whether each model's weights can reach its pods."""

from collections.abc import Iterator
from math import ceil

from stacks.errors import Problem, shown
from stacks.plan.loading import loads_into
from stacks.plan.placement import pool_of
from stacks.plan.scaling import scaling_of
from stacks.spec.model import Model
from stacks.spec.runtime import VllmRuntime
from stacks.spec.stack import StackSpec


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield models without weights, loaders without a source, and volumes that cannot take them."""
    for index, model in enumerate(spec.models):
        path = f"slipway:models[{index}]"
        if model.source is None:
            yield from _without_source(path, model)
            continue
        if loads_into(spec, model) == "storage":
            yield from _shared(path, model, spec)
        else:
            yield from _own_volume(path, model, spec)


def _without_source(path: str, model: Model) -> Iterator[Problem]:
    if model.loader is not None:
        rule = "a loader has nothing to load without a source"
        yield Problem(path=f"{path}.loader", rule=rule, fix="add source, or remove loader")
    if isinstance(model.runtime, VllmRuntime):
        rule = "required for runtime vllm: its image brings no weights"
        yield Problem(path=f"{path}.source", rule=rule, fix="add source: {type: modelkit, reference: …, sizeGib: …}")


def _shared(path: str, model: Model, spec: StackSpec) -> Iterator[Problem]:
    volume = spec.storage.models
    if volume is None:
        rule = "there is no slipway:storage.models"
        yield Problem(path=f"{path}.loader.into", value=shown("storage"), rule=rule, fix="add it, or into: pod")
        return
    pods = scaling_of(model).max_replicas
    if volume.type != "nfs" and volume.access_mode == "ReadWriteOnce" and pods > 1:
        rule = f"up to {pods} pods on several nodes cannot mount one ReadWriteOnce volume"
        fix = "use ReadWriteMany storage, scaling.max: 1, or loader.into: pod"
        yield Problem(path=f"{path}.loader.into", rule=rule, fix=fix)
    size = model.source.size_gib if model.source else 0
    if volume.type != "existingClaim" and size > volume.size_gib:
        rule = f"storage.models has {volume.size_gib} GiB"
        yield Problem(path=f"{path}.source.sizeGib", value=shown(size), rule=rule, fix="enlarge storage.models.sizeGib")


def _own_volume(path: str, model: Model, spec: StackSpec) -> Iterator[Problem]:
    pool = pool_of(spec, model)
    if pool is None or model.source is None or model.source.disk_mib <= pool.disk_gib * 1024:
        return
    needed = ceil(model.source.disk_mib / 1024)
    rule = f"with room for unpacking they need {needed} GiB; a {pool.name} node has {pool.disk_gib} GiB of disk"
    fix = "larger nodePools diskGib, or loader.into: storage"
    yield Problem(path=f"{path}.source.sizeGib", value=shown(model.source.size_gib), rule=rule, fix=fix)
