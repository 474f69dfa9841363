"""The agent's code as one ConfigMap, so that a stock Python image can run it and no image has to be built."""

from functools import cache
from pathlib import Path
from typing import Final

from components.names import fingerprint, labels
from components.objects import Manifest

_PACKAGE: Final = Path(__file__).with_name("agent")
_BYTES_LIMIT: Final = 1024 * 1024 - 4096  # etcd refuses requests over 1 MiB and the object has more than its data


@cache
def files() -> dict[str, str]:
    """Return the modules of the flat package by file name, sorted.

    Raises:
        ValueError: the package is empty or does not fit into one ConfigMap.
    """
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(_PACKAGE.glob("*.py"))}
    size = sum(len(name) + len(text.encode()) for name, text in found.items())
    if "__main__.py" not in found or size > _BYTES_LIMIT:
        raise ValueError(
            f"components/loaders/agent: {len(found)} modules of {size} bytes cannot become a ConfigMap, "
            f"which needs a __main__.py and at most {_BYTES_LIMIT} bytes; restore or split the package"
        )
    return found


def config_map_name() -> str:
    """Return the ConfigMap's name, which holds a hash of the contents.

    Changed code gets another name: pods roll to it, and a pod that still runs keeps the code it started with.
    """
    return f"slipway-loader-agent-{fingerprint(*(part for file in files().items() for part in file))}"


def config_map(namespace: str) -> Manifest:
    """Return the immutable ConfigMap, shared by every pod of the namespace."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": config_map_name(),
            "namespace": namespace,
            "labels": labels("slipway-loader-agent", "loader"),
        },
        "immutable": True,
        "data": dict(files()),
    }
