"""From a model's ``source`` and ``loader`` sections to the loader's part of its pods."""

from typing import assert_never

from components.loaders import init
from components.loaders.contract import NOTHING_LOADED, Loaded, LoaderPlace
from stacks.spec.loader import InitLoader, Loader
from stacks.spec.source import Source


def model_path(source: Source | None) -> str:
    """Return the directory the server loads from; empty where the image brings the weights."""
    return "" if source is None else init.model_path(source)


def render(loader: Loader | None, source: Source | None, place: LoaderPlace) -> Loaded:
    """Return what brings the weights; nothing where the image brings them.

    Args:
        loader: how they come; None = an init container.
        source: where they are; None = in the image.
        place: where the loader runs.

    Raises:
        ValueError: the loader needs a part of the stack that is not there.
    """
    if source is None:
        return NOTHING_LOADED
    match loader:
        case None:
            return init.render(InitLoader(type="init"), source, place)
        case InitLoader():
            return init.render(loader, source, place)
        case _:
            assert_never(loader)
