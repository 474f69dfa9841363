"""Whether each model has weights, and a loader that can bring them on its cluster and its nodes."""

from collections.abc import Iterator

from stacks.errors import Problem, shown
from stacks.plan.capabilities import IMAGE_VOLUMES_SINCE, has_image_volumes, version_of
from stacks.plan.loading import loader_of
from stacks.plan.placement import pool_of
from stacks.spec.loader import ImageLoader, NodeCacheLoader
from stacks.spec.model import Model
from stacks.spec.runtime import VllmRuntime
from stacks.spec.source import ImageSource
from stacks.spec.stack import StackSpec


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield models without weights, loaders without a source, and pairs of the two that do not go together."""
    for index, model in enumerate(spec.models):
        path = f"slipway:models[{index}]"
        if model.source is None:
            yield from _without_source(path, model)
            continue
        yield from _pair(path, model)
        loader = loader_of(spec, model)
        if isinstance(loader, ImageLoader) and isinstance(model.source, ImageSource):
            yield from _image_volume(path, spec)
        if isinstance(loader, NodeCacheLoader):
            yield from _node_cache(path, model, loader, spec)


def _without_source(path: str, model: Model) -> Iterator[Problem]:
    if model.loader is not None:
        rule = "a loader has nothing to load without a source"
        yield Problem(path=f"{path}.loader", rule=rule, fix="add source, or remove loader")
    if isinstance(model.runtime, VllmRuntime):
        rule = "required for runtime vllm: its image brings no weights"
        yield Problem(path=f"{path}.source", rule=rule, fix="add source: {type: modelkit, reference: …, sizeGib: …}")


def _pair(path: str, model: Model) -> Iterator[Problem]:
    """Yield an image that the agent should read, or something else that the kubelet should mount."""
    if model.loader is None or model.source is None:
        return
    kind, mounts = model.loader.type, isinstance(model.loader, ImageLoader)
    if mounts and not isinstance(model.source, ImageSource):
        rule = f"the kubelet mounts images only, and the source is of type {model.source.type}"
        fix = "source: {type: image, …}, or another loader; left out, a fitting one is chosen"
        yield Problem(path=f"{path}.loader.type", value=shown(kind), rule=rule, fix=fix)
    if not mounts and isinstance(model.source, ImageSource):
        rule = "a source of type image is mounted by the kubelet, no loader agent reads it"
        yield Problem(
            path=f"{path}.loader.type", value=shown(kind), rule=rule, fix="loader: {type: image}, or remove it"
        )


def _image_volume(path: str, spec: StackSpec) -> Iterator[Problem]:
    if has_image_volumes(spec.cluster):
        return
    version, since = (".".join(map(str, pair)) for pair in (version_of(spec.cluster), IMAGE_VOLUMES_SINCE))
    rule = f"Kubernetes {version} mounts no images unless its feature gate ImageVolume is on; {since} does by itself"
    fix = "cluster.imageVolumes: true where the gate is on (1.31 or newer), else an artifact that the agent loads"
    yield Problem(path=f"{path}.source.type", value=shown("image"), rule=rule, fix=fix)


def _node_cache(path: str, model: Model, loader: NodeCacheLoader, spec: StackSpec) -> Iterator[Problem]:
    pool, image = pool_of(spec, model), loader.image
    if pool is not None and pool.serverless:
        rule = f"pool {pool.name} has no nodes of its own: no DaemonSet runs there, and no directory of a node exists"
        fix = "loader: {type: init}, or a pool with machines"
        yield Problem(path=f"{path}.loader.type", value=shown("nodeCache"), rule=rule, fix=fix)
    others = [other.loader for other in spec.models if other.placement.node_pool == model.placement.node_pool]
    first = next((other.image for other in others if isinstance(other, NodeCacheLoader)), image)
    if image != first:
        rule = f"one cache runs on the nodes of pool {model.placement.node_pool}, with the image {first}"
        yield Problem(path=f"{path}.loader.image", value=shown(image), rule=rule, fix="give all of them one image")
