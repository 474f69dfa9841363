"""One cluster of any kind, and the one explicit Kubernetes provider for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

import pulumi
import pulumi_kubernetes

from components.cluster import existing, kind, rehearsal
from components.cluster.contract import ClusterAccess
from components.cluster.made import MadeCluster
from stacks.spec.cluster import Cluster as ClusterSpec
from stacks.spec.cluster import ExistingCluster, KindCluster, RehearsalCluster
from stacks.spec.node_pool import NodePool


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterArgs:
    """Arguments of a cluster.

    Attributes:
        spec: which cluster.
        node_pools: pools of the stack; kind makes their workers.
        secrets: secret values by config key.
        storage_classes: classes a rehearsal cluster must have.
        open_crds: custom resource definitions a rehearsal cluster must accept, ``plural.group``.
    """

    spec: ClusterSpec
    node_pools: tuple[NodePool, ...] = ()
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, pulumi.Output[str]])
    storage_classes: tuple[str, ...] = ()
    open_crds: tuple[str, ...] = ()


class Cluster(pulumi.ComponentResource):
    """A cluster, made or found, and its provider ``{name}``.

    Everything in the cluster gets ``access.provider``, directly or from its parent; with default providers switched
    off a forgotten one is an error and never the wrong cluster.

    Attributes:
        access: what the parts above need of the cluster.
    """

    access: ClusterAccess

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register the cluster.

        Raises:
            ValueError: a kubeconfig cannot be read or is not set.
        """
        super().__init__("slipway:cluster:Cluster", name, None, opts)
        made = _make(args, pulumi.ResourceOptions(parent=self))
        self.access = ClusterAccess(
            provider=_provider(name, made, pulumi.ResourceOptions(parent=self)),
            name=made.name,
            kubernetes_version=parse_version(made.kubernetes_version),
            simulated=made.simulated,
            kubeconfig_path=made.kubeconfig_path,
        )
        self.register_outputs({"name": made.name, "kubeconfig_path": made.kubeconfig_path})


def parse_version(version: str) -> tuple[int, int]:
    """Return (major, minor) of a version such as ``1.34`` or ``1.34.4``."""
    major, minor, *_ = version.split(".")
    return int(major), int(minor)


def _make(args: ClusterArgs, opts: pulumi.ResourceOptions) -> MadeCluster:
    match args.spec:
        case ExistingCluster():
            return existing.make(args.spec, args.secrets, opts)
        case KindCluster():
            return kind.make(args.spec, args.node_pools, opts)
        case RehearsalCluster():
            return rehearsal.make(args.spec, args.storage_classes, args.open_crds, opts)
        case _:
            assert_never(args.spec)


def _provider(name: str, made: MadeCluster, opts: pulumi.ResourceOptions) -> pulumi_kubernetes.Provider:
    """Return the provider; with a stable ``cluster_identifier`` a new kubeconfig replaces nothing.

    ConfigMaps and Secrets are updated in place: their names are fixed, and deleting first would fail starting pods.
    """
    return pulumi_kubernetes.Provider(
        name,
        kubeconfig=made.kubeconfig,
        context=made.context,
        cluster_identifier=made.identifier,
        # What a person changed by hand is put right by the next update; the number of pods is left to its scaler.
        enable_patch_force=True,
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
        opts=opts,
    )
