"""A rehearsal cluster: a real control plane on this machine, nodes simulated, pods without containers."""

from collections.abc import Sequence
from typing import Any

import pulumi

from components.cluster.local import LocalCluster
from components.cluster.made import MadeCluster
from stacks.spec.cluster import REHEARSAL_VERSION, RehearsalCluster


def render_options(
    spec: RehearsalCluster, storage_classes: Sequence[str], open_crds: Sequence[str], owner: str
) -> dict[str, Any]:
    """Return the options of ``python -m rehearsal.cluster create``.

    Args:
        spec: the cluster.
        storage_classes: classes whose claims get bound.
        open_crds: custom resource definitions to accept, ``plural.group``.
        owner: ``project/stack``; a cluster of another stack is refused.
    """
    return {
        "address_delay_seconds": spec.address_delay_seconds,
        "bind_delay_seconds": spec.bind_delay_seconds,
        # A claim that names no class is a mistake in a stack; without a default class it shows.
        "default_storage_class": False,
        "kubernetes_version": REHEARSAL_VERSION,
        "open_crds": sorted(set(open_crds)),
        "owner": owner,
        "storage_classes": sorted(set(storage_classes)),
        **({"feature_gates": {"ImageVolume": True}} if spec.image_volumes else {}),
    }


def make(
    spec: RehearsalCluster, storage_classes: Sequence[str], open_crds: Sequence[str], opts: pulumi.ResourceOptions
) -> MadeCluster:
    """Register the cluster, under the logical name ``rehearsal-{name}``."""
    owner = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    options = render_options(spec, storage_classes, open_crds, owner)
    local = LocalCluster(f"rehearsal-{spec.name}", tool="rehearsal", name=spec.name, options=options, opts=opts)
    return MadeCluster(
        name=spec.name,
        identifier=f"slipway-rehearsal-{spec.name}",
        kubeconfig=local.kubeconfig,
        context=None,
        kubernetes_version=REHEARSAL_VERSION,
        simulated=True,
        kubeconfig_path=local.kubeconfig_path,
    )
