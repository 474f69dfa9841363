"""Sections of a stack file for tests, from the keys a stack file has."""

from typing import Any

from stacks.spec.node_pool import NodePool
from stacks.spec.storage import ClaimVolume, NfsVolume


def pool(name: str, **keys: Any) -> NodePool:  # noqa: ANN401 - any key of the section
    """Return a node pool."""
    return NodePool.model_validate({"name": name, **keys})


def claim(**keys: Any) -> ClaimVolume:  # noqa: ANN401 - any key of the section
    """Return a provisioned claim of 500 GiB."""
    return ClaimVolume.model_validate({"type": "claim", "storageClass": "cfs", "sizeGib": 500, **keys})


def nfs(**keys: Any) -> NfsVolume:  # noqa: ANN401 - any key of the section
    """Return an NFS export of 2 TiB."""
    return NfsVolume.model_validate({"type": "nfs", "server": "10.0.0.9", "path": "/share", "sizeGib": 2048, **keys})
