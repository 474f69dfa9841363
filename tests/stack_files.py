"""Reads stack files the way the engine does: `on` and `off` are words, not booleans (YAML 1.2)."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).resolve().parent / "data"


class _Yaml12Loader(yaml.SafeLoader):
    """SafeLoader whose only booleans are true and false."""


_Yaml12Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def config_of(path: Path) -> dict[str, Any]:
    """Return the ``config`` mapping of a stack file, keys with their namespace."""
    loaded: dict[str, Any] = yaml.load(path.read_text(), _Yaml12Loader)  # noqa: S506 - a SafeLoader with fewer booleans
    return loaded["config"]


def sections_of(path: Path) -> dict[str, Any]:
    """Return the sections of our namespace by short key."""
    config = config_of(path).items()
    return {key.removeprefix("slipway:"): value for key, value in config if key.startswith("slipway:")}
