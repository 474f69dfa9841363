"""What a pod must say to land on the nodes of one pool."""

from dataclasses import dataclass

from components.objects import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeTarget:
    """The scheduling part of a pod, as plain pod-spec data.

    Attributes:
        node_selector: labels every node of the pool has.
        tolerations: taints of the pool, the accelerator's among them.
        resource: extended resource to ask for; None = no accelerator.
        accelerators: units of ``resource`` for one pod; 0 without one.
    """

    node_selector: dict[str, str]
    tolerations: tuple[Manifest, ...]
    resource: str | None
    accelerators: int
