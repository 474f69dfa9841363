"""What a cluster must bring for the objects of a stack, and what must outlive them."""

from collections.abc import Iterator

from stacks.plan.loading import loader_of
from stacks.plan.scaling import scaling_of
from stacks.spec.cluster import ExistingCluster
from stacks.spec.loader import NodeCacheLoader, SidecarLoader
from stacks.spec.stack import StackSpec
from stacks.spec.storage import ClaimVolume, ExistingClaimVolume


def storage_classes(spec: StackSpec) -> tuple[str, ...]:
    """Return the storage classes the stack's claims name."""
    volume = spec.storage.models
    return (volume.storage_class,) if isinstance(volume, ClaimVolume) else ()


def keeps_store(spec: StackSpec) -> bool:
    """Return whether the model store must outlive the stack: what a laptop made, a laptop may remove.

    A claim that somebody else made is kept on any cluster. It is deleted with its namespace, so that is kept too.
    """
    volume = spec.storage.models
    return volume is not None and (isinstance(spec.cluster, ExistingCluster) or isinstance(volume, ExistingClaimVolume))


def open_crds(spec: StackSpec) -> tuple[str, ...]:
    """Return the custom resource definitions, ``plural.group``, whose kinds the stack uses."""
    return tuple(_crds(spec))


def _crds(spec: StackSpec) -> Iterator[str]:
    if spec.monitoring is not None:
        if any(isinstance(loader_of(spec, model), SidecarLoader | NodeCacheLoader) for model in spec.models):
            yield "podmonitors.monitoring.coreos.com"
        yield "prometheusrules.monitoring.coreos.com"
        yield "servicemonitors.monitoring.coreos.com"
    if any(scaling_of(model).signal == "queue" for model in spec.models):
        yield "scaledobjects.keda.sh"
