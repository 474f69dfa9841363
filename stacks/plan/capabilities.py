"""What a cluster's version lets pods do: derived once, used by rules and by the choice of a loader."""

from typing import Final

from stacks.spec.cluster import REHEARSAL_VERSION, Cluster, ExistingCluster, RehearsalCluster

SIDECARS_SINCE: Final = (1, 29)
"""Init containers that go on running (KEP-753): on by default from here. Before, the API server drops their
``restartPolicy``, and an init container that never ends keeps the server from starting."""

IMAGE_VOLUMES_KNOWN: Final = (1, 31)
"""First version with the feature gate ImageVolume (KEP-4639, alpha)."""

IMAGE_VOLUMES_SINCE: Final = (1, 35)
"""The gate is on by default from here (Kubernetes, "Use an Image Volume With a Pod"). Where it is off the API server
takes the pod and drops the volume and its mounts without a word (seen with 1.34.4), so the server would start without
weights."""


def version_of(cluster: Cluster) -> tuple[int, int]:
    """Return (major, minor) of the cluster's Kubernetes."""
    text = REHEARSAL_VERSION if isinstance(cluster, RehearsalCluster) else cluster.kubernetes_version
    major, minor, *_ = text.split(".")
    return int(major), int(minor)


def has_sidecars(cluster: Cluster) -> bool:
    """Return whether the agent can run beside the server as a native sidecar."""
    return version_of(cluster) >= SIDECARS_SINCE


def has_image_volumes(cluster: Cluster) -> bool:
    """Return whether pods can mount an image: by version, or because the stack file says that the gate is on."""
    version = version_of(cluster)
    if version < IMAGE_VOLUMES_KNOWN:
        return False
    if isinstance(cluster, ExistingCluster) and cluster.image_volumes is not None:
        return cluster.image_volumes
    return bool(cluster.image_volumes) or version >= IMAGE_VOLUMES_SINCE
