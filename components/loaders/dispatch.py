"""From a model's ``source`` and ``loader`` sections to the loader's part of its pods."""

from dataclasses import replace
from typing import assert_never

from components.loaders import image_volume, init, node_cache, preload, sidecar, sync
from components.loaders.contract import MODEL_MOUNT, NOTHING_LOADED, Loaded, LoaderPlace
from components.loaders.trust import config_map
from stacks.spec.loader import (
    ImageLoader,
    InitLoader,
    Loader,
    NodeCacheLoader,
    PreloadLoader,
    SidecarLoader,
    SyncLoader,
)
from stacks.spec.source import AgentSource, ImageSource, Source


def model_path(loader: Loader | None, source: Source | None) -> str:
    """Return the directory the server loads from; empty where the image brings the weights.

    It is the version's own directory, except where a version is changed under a running server: there it is the link.
    """
    if source is None:
        return ""
    if isinstance(source, ImageSource):
        return image_volume.model_path(source)
    if isinstance(loader, SidecarLoader | SyncLoader):
        return f"{MODEL_MOUNT}/current"
    return init.model_path(source)


def render(loader: Loader | None, source: Source | None, place: LoaderPlace) -> Loaded:
    """Return what brings the weights; nothing where the image brings them.

    Args:
        loader: how they come; None = an init container, or a volume for an image.
        source: where they are; None = in the image.
        place: where the loader runs.

    Raises:
        ValueError: the loader cannot bring this source, or needs a part of the stack that is not there.
    """
    if source is None:
        return NOTHING_LOADED
    if isinstance(source, ImageSource):
        if loader is None or isinstance(loader, ImageLoader):
            return image_volume.render(source)
        raise ValueError(_unfit(place, loader, source))
    chosen = loader or InitLoader(type="init")
    loaded = _by_agent(chosen, source, place)
    # Pods that read from a node cache check nothing themselves.
    trusted = None if isinstance(chosen, NodeCacheLoader) else config_map(source, place)
    return loaded if trusted is None else replace(loaded, objects=(trusted, *loaded.objects))


def _by_agent(loader: Loader, source: AgentSource, place: LoaderPlace) -> Loaded:
    match loader:
        case InitLoader():
            return init.render(loader, source, place)
        case SyncLoader():
            return sync.render(loader, source, place)
        case PreloadLoader():
            return preload.render(loader, source, place)
        case NodeCacheLoader():
            return node_cache.render(loader, source, place)
        case SidecarLoader():
            return sidecar.render(loader, source, place)
        case ImageLoader():
            raise ValueError(_unfit(place, loader, source))
        case _:
            assert_never(loader)


def _unfit(place: LoaderPlace, loader: Loader, source: Source) -> str:
    return f'model "{place.model}": loader type "{loader.type}" cannot bring a source of type "{source.type}"'
