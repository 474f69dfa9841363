"""Whether weights fit where their loader puts them, and every pod can mount them there."""

from collections.abc import Iterator, Mapping
from math import ceil

from stacks.errors import Problem, shown
from stacks.plan.loading import access_of, copies_of, loader_of, loads_into
from stacks.plan.placement import pool_of
from stacks.plan.scaling import scaling_of
from stacks.spec.loader import NodeCacheLoader, PreloadLoader, SyncLoader
from stacks.spec.model import Model
from stacks.spec.node_pool import NodePool
from stacks.spec.stack import StackSpec


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield storage that is missing, too small or for one node only, and node disks that are too small."""
    loading = {index: model for index, model in enumerate(spec.models) if model.source is not None}
    sharing = {index: model for index, model in loading.items() if loads_into(spec, model) == "storage"}
    for index, model in loading.items():
        yield from (_shared if index in sharing else _node_disk)(f"slipway:models[{index}]", model, spec)
    if access_of(spec) == "ReadWriteOnce":
        yield from _one_node(sharing, spec)
    yield from _together(sharing, spec)
    for pool in spec.node_pools:
        yield from _cache(pool, spec)


def _shared(path: str, model: Model, spec: StackSpec) -> Iterator[Problem]:
    volume, loader = spec.storage.models, loader_of(spec, model)
    if volume is None:
        key, fix = (
            ("into", "add it, or into: pod") if loader.type == "init" else ("type", "add it, or loader: {type: init}")
        )
        value = "storage" if key == "into" else loader.type
        rule = "there is no slipway:storage.models"
        yield Problem(path=f"{path}.loader.{key}", value=shown(value), rule=rule, fix=fix)
        return
    if volume.type == "existingClaim" or model.source is None:
        return
    copies, size = copies_of(loader), model.source.size_gib
    if copies * size > volume.size_gib:
        count = "" if copies == 1 else f", and {copies} versions lie there together"
        rule = f"storage.models has {volume.size_gib} GiB{count}"
        yield Problem(path=f"{path}.source.sizeGib", value=shown(size), rule=rule, fix="enlarge storage.models.sizeGib")


def _one_node(sharing: Mapping[int, Model], spec: StackSpec) -> Iterator[Problem]:
    """Yield models whose volume of one node would be mounted by pods on several; loading pods count like the others."""
    pools = {model.placement.node_pool for model in sharing.values()}
    if len(pools) == 1 and all(pool.max == 1 for pool in spec.node_pools if pool.name in pools):
        return
    pods = sum(scaling_of(user).max_replicas for user in sharing.values())
    beside = sum(isinstance(loader_of(spec, user), PreloadLoader | SyncLoader) for user in sharing.values())
    if pods + beside <= 1:
        return
    loading = f" and {beside} that load{'s' * (beside == 1)} the model" if beside else ""
    of_all = "" if len(sharing) == 1 else f" of {len(sharing)} models"
    rule = f"up to {pods} pod{'s' * (pods > 1)}{of_all}{loading} on several nodes cannot mount one ReadWriteOnce volume"
    for index, model in sharing.items():
        init = loader_of(spec, model).type == "init"
        fix = "use ReadWriteMany storage, or loader: {type: init, into: pod}"
        if init and len(sharing) == 1:
            fix = "use ReadWriteMany storage, scaling.max: 1, or loader.into: pod"
        yield Problem(path=f"slipway:models[{index}].loader.{'into' if init else 'type'}", rule=rule, fix=fix)


def _node_disk(path: str, model: Model, spec: StackSpec) -> Iterator[Problem]:
    pool, loader = pool_of(spec, model), loader_of(spec, model)
    if pool is None or model.source is None or isinstance(loader, NodeCacheLoader):
        return
    copies = copies_of(loader)
    needed = ceil(copies * model.source.disk_mib / 1024)
    if needed <= pool.disk_gib:
        return
    what = "with room for unpacking they need" if copies == 1 else f"{copies} versions with room for unpacking need"
    rule = f"{what} {needed} GiB; a {pool.name} node has {pool.disk_gib} GiB of disk"
    fix = "larger nodePools diskGib" + {"init": ", or loader.into: storage", "image": ""}.get(
        loader.type, ", or loader: {type: init}"
    )
    yield Problem(path=f"{path}.source.sizeGib", value=shown(model.source.size_gib), rule=rule, fix=fix)


def _together(sharing: Mapping[int, Model], spec: StackSpec) -> Iterator[Problem]:
    """Yield a volume that is large enough for each model, but not for all of them."""
    volume = spec.storage.models
    if volume is None or volume.type == "existingClaim":
        return
    sizes = [
        copies_of(loader_of(spec, model)) * model.source.size_gib
        for model in sharing.values()
        if model.source is not None
    ]
    if max(sizes, default=0) <= volume.size_gib < sum(sizes):
        rule = f"{len(sizes)} models lie on it, which need {sum(sizes):g} GiB together"
        path = "slipway:storage.models.sizeGib"
        yield Problem(
            path=path, value=shown(volume.size_gib), rule=rule, fix="enlarge it, or loader.into: pod for some"
        )


def _cache(pool: NodePool, spec: StackSpec) -> Iterator[Problem]:
    """Yield a pool whose nodes cannot hold what is cached on each of them; a new version comes before the old goes."""
    cached = [
        (index, model, model.source.disk_mib)
        for index, model in enumerate(spec.models)
        if model.placement.node_pool == pool.name and model.source is not None
        if isinstance(loader_of(spec, model), NodeCacheLoader)
    ]
    if not cached:
        return
    needed = ceil((sum(size for _, _, size in cached) + max(size for _, _, size in cached)) / 1024)
    if needed > pool.disk_gib:
        index, model, _ = cached[-1]
        rule = (
            f"each {pool.name} node keeps what is cached there, and two versions of a model that changes: "
            f"{needed} GiB, and it has {pool.disk_gib} GiB of disk"
        )
        size = model.source.size_gib if model.source else 0
        fix = "larger nodePools diskGib, or another loader"
        yield Problem(path=f"slipway:models[{index}].source.sizeGib", value=shown(size), rule=rule, fix=fix)
