"""What the cluster cannot do for this stack."""

from collections.abc import Iterator
from typing import Final

from stacks.errors import Problem, shown
from stacks.spec.cluster import KindCluster, RehearsalCluster
from stacks.spec.stack import StackSpec

OLDEST: Final = (1, 27)
"""First version with what every stack uses switched on: HPA by container (KEP 1610), spreading by revision (KEP 3243),
eviction of pods that never were ready (KEP 3017)."""


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield node pools and custom resources the cluster has no place for."""
    if isinstance(spec.cluster, KindCluster):
        for index, pool in enumerate(spec.node_pools):
            if pool.accelerator is not None:
                path = f"slipway:nodePools[{index}].accelerator"
                fix = "remove it, or use cluster type rehearsal to try the stack with simulated GPUs"
                yield Problem(path=path, value=shown(pool.accelerator), rule="a kind node has no accelerator", fix=fix)
    if isinstance(spec.cluster, RehearsalCluster):
        return
    version = spec.cluster.kubernetes_version
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        rule = f"fields that pods and scalers need are off before {'.'.join(map(str, OLDEST))}"
        yield Problem(path="slipway:cluster.kubernetesVersion", value=shown(version), rule=rule, fix="upgrade it")
    if spec.monitoring is not None and "prometheusOperator" not in spec.cluster.operators:
        rule = "monitors and rules need the Prometheus operator, and cluster.operators does not list it"
        fix = "install it and list prometheusOperator, or remove slipway:monitoring"
        yield Problem(path="slipway:monitoring", rule=rule, fix=fix)
