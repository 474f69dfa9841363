"""Whether nodes can mount the shared volume."""

from collections.abc import Iterator
from typing import Final

from stacks.errors import Problem, shown
from stacks.spec.stack import StackSpec
from stacks.spec.storage import NfsVolume

_CLUSTER_DNS: Final = (".svc", ".cluster.local")


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield an NFS server that only the cluster's DNS knows."""
    volume = spec.storage.models
    if isinstance(volume, NfsVolume) and volume.server.endswith(_CLUSTER_DNS):
        rule = "a name of the cluster's DNS, and the nodes that mount the export do not ask it"
        fix = "give the server's IP address or a name the nodes can resolve"
        yield Problem(path="slipway:storage.models.server", value=shown(volume.server), rule=rule, fix=fix)
