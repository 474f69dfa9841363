"""One node pool: simulated nodes where the cluster is ours to fill, nothing elsewhere."""

from dataclasses import dataclass

import pulumi

from components.node_pool.rehearsal import node_names, render_node
from components.objects import KubernetesObject
from stacks.spec.node_pool import NodePool as NodePoolSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class NodePoolArgs:
    """Arguments of a node pool.

    Attributes:
        pool: the pool.
        simulated: nodes are made here (rehearsal); elsewhere the pool is expected to exist and nothing is made.
    """

    pool: NodePoolSpec
    simulated: bool


class NodePool(pulumi.ComponentResource):
    """Nodes named ``{pool}-0`` to ``{pool}-n``, each a child of that name.

    Attributes:
        nodes: the simulated nodes; empty where the pool is expected to exist. Pods need not wait for them.
    """

    nodes: tuple[KubernetesObject, ...]

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:node_pool:NodePool", name, None, opts)
        names = node_names(args.pool) if args.simulated else ()
        self.nodes = tuple(self._node(args.pool, node_name) for node_name in names)
        self.register_outputs({"nodes": list(names)})

    def _node(self, pool: NodePoolSpec, name: str) -> KubernetesObject:
        # The API server drops changes of a node's status from an ordinary update, so a node with other capacity is
        # another node; two of one name cannot exist side by side.
        opts = pulumi.ResourceOptions(parent=self, replace_on_changes=["status"], delete_before_replace=True)
        return KubernetesObject(name, render_node(pool, name), opts)
