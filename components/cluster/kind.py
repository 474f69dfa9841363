"""A kind cluster: Kubernetes in Docker, one worker per node a pool always has (kind 0.30, "Configuration")."""

from collections.abc import Sequence
from typing import Any

import pulumi

from components.cluster.local import LocalCluster
from components.cluster.made import MadeCluster
from components.node_pool.placement import pool_labels
from stacks.spec.cluster import KindCluster
from stacks.spec.node_pool import NodePool


def render_config(spec: KindCluster, node_pools: Sequence[NodePool]) -> dict[str, Any]:
    """Return kind's configuration: a control plane and ``min`` workers per pool with the pool's labels.

    Workers have the machine's resources and no cards, so a pod that asks for an accelerator stays Pending.
    """
    workers = [
        {"role": "worker", "labels": pool_labels(pool)}
        for pool in sorted(node_pools, key=lambda pool: pool.name)
        for _ in range(pool.min)
    ]
    gates = {"featureGates": {"ImageVolume": True}} if spec.image_volumes else {}
    return {
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        **gates,
        "kind": "Cluster",
        "nodes": [{"role": "control-plane"}, *workers],
    }


def make(spec: KindCluster, node_pools: Sequence[NodePool], opts: pulumi.ResourceOptions) -> MadeCluster:
    """Register the cluster, under the logical name ``kind-{name}``."""
    options = {"config": render_config(spec, node_pools), "image": spec.node_image or ""}
    local = LocalCluster(f"kind-{spec.name}", tool="kind", name=spec.name, options=options, opts=opts)
    return MadeCluster(
        name=spec.name,
        identifier=f"slipway-kind-{spec.name}",
        kubeconfig=local.kubeconfig,
        context=f"kind-{spec.name}",
        kubernetes_version=spec.kubernetes_version,
        simulated=False,
        kubeconfig_path=local.kubeconfig_path,
    )
