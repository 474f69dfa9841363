"""Section ``nodePools``: groups of like nodes."""

from typing import Literal

from pydantic import Field

from stacks.spec.accelerators import AcceleratorKey
from stacks.spec.base import LabelKey, LabelValue, Name, Section


class Taint(Section):
    """A taint of every node in the pool."""

    key: LabelKey
    value: LabelValue = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class NodePool(Section):
    """Like nodes. A rehearsal cluster gets `min` simulated nodes, at least one; elsewhere the pool must exist."""

    name: Name = Field(description="unique in the stack; models name it in `placement.nodePool`")
    accelerator: AcceleratorKey | None = Field(default=None, description="accelerator model; left out: CPU only")
    accelerators_per_node: int = Field(default=1, ge=1, le=16, description="cards in one node")
    min: int = Field(default=1, ge=0, le=1000, description="nodes that always exist")
    max: int = Field(default=1, ge=1, le=1000, description="nodes the pool may grow to")
    cpu: int = Field(default=16, ge=1, le=1024, description="vCPU of one node")
    memory_gib: int = Field(default=64, ge=1, le=8192, description="memory of one node, GiB")
    disk_gib: int = Field(default=200, ge=10, le=65536, description="local disk of one node for pods, GiB")
    serverless: bool = Field(
        default=False,
        description="each pod is a node of its own, as on TKE super nodes: no DaemonSets, no directories of a node",
    )
    labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict,
        description="labels of the nodes; pods select by them. Left out: slipway.dev/node-pool=<name>",
    )
    taints: tuple[Taint, ...] = Field(
        default=(), description="taints besides the accelerator's own; pods placed here tolerate them"
    )
