"""Which loader brings a model's weights where the stack file names none: one table, read from the top.

What it follows:

* The number of pods decides nothing, so that one pod more never changes how all of them get their weights. The one
  exception is forced: a ReadWriteOnce volume serves one node, so it is used only where one pod of the stack loads, or
  the pool has one node.
* A shared volume that the stack file has is used. What is declared is meant.
* ``BIG_GIB`` is where loading no longer hides in the start of a server: 10 GiB take 51 s at 200 MiB/s, and a server
  takes 82 s (vLLM, 8B, caches kept) to 233 s (cold) besides (Tensorfuse, 2025-09). From there on a Job loads ahead,
  so that neither a start nor a rollout waits for bytes.
* The node cache is advised, never chosen: its pods need directories of the nodes, which is a namespace of Pod Security
  level "privileged", and that is for a person to decide. It also knows no nodes that an autoscaler has yet to add
  (kserve#4771), and read over the network it is slower than none (Fluid: 18 min where 9 min were without it).
* What follows a tag is chosen only where the stack file says that the server takes a new version in place, and the
  reference has a tag: nothing else would make the two keys mean anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from stacks.spec.loader import ImageLoader, InitLoader, Loader, PreloadLoader, SidecarLoader, SyncLoader
from stacks.spec.storage import AccessMode

BIG_GIB: Final = 10
"""Size from which a Job loads ahead into shared storage."""

_COPIES: Final = SidecarLoader(type="sidecar").versions
"""Versions that lie beside each other where a tag is followed; a CronJob keeps as many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """All that the choice depends on.

    Attributes:
        image: the source is an image, which only the kubelet mounts.
        size_gib: size of the files.
        room_gib: disk that one copy in a volume of the pod's own needs.
        max_pods: pods the model may have.
        access: what the shared volume allows; None = there is no such volume.
        storage_gib: size of the shared volume; None = not known.
        one_node: all pods of the stack that load, of this model and others, stand on one node for sure.
        node_disk_gib: disk of one node.
        steady: the pool never gains or loses nodes.
        serverless: nodes without a machine of their own.
        sidecars: the cluster runs native sidecars.
        reload: how the server takes a new version in place; None = it cannot.
        follows: the reference has a name that may move.
    """

    image: bool
    size_gib: float
    room_gib: float
    max_pods: int
    access: AccessMode | None
    storage_gib: float | None
    one_node: bool
    node_disk_gib: float
    steady: bool
    serverless: bool
    sidecars: bool
    reload: Literal["http", "signal", "self"] | None
    follows: bool

    def shares(self, copies: int = 1) -> bool:
        """Return whether every pod can mount the shared volume and ``copies`` versions fit."""
        fits = self.storage_gib is None or copies * self.size_gib <= self.storage_gib
        return self.access == "ReadWriteMany" and fits

    def node_holds(self, copies: int) -> bool:
        """Return whether a node's disk has room for ``copies`` versions."""
        return copies * self.room_gib <= self.node_disk_gib


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A loader and why.

    Attributes:
        loader: with everything filled in.
        reason: one sentence.
        advice: what somebody may prefer; None = nothing.
    """

    loader: Loader
    reason: str
    advice: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of the table.

    Attributes:
        when: the condition in words.
        holds: the condition.
        loader: what is taken then.
        reason: why.
    """

    when: str
    holds: Callable[[Situation], bool]
    loader: Loader
    reason: str


TABLE: Final[tuple[Row, ...]] = (
    Row(
        when="the source is an image",
        holds=lambda it: it.image,
        loader=ImageLoader(type="image"),
        reason="only the kubelet can mount an image",
    ),
    Row(
        when="`reload: {type: self}`, a tag, and ReadWriteMany storage with room for three versions",
        holds=lambda it: it.reload == "self" and it.follows and it.shares(_COPIES),
        loader=SyncLoader(type="sync"),
        reason="the server follows the link by itself, so one CronJob brings what the tag names to all pods",
    ),
    Row(
        when="`reload` of any type, a tag, Kubernetes 1.29 or newer, and nodes with room for three versions",
        holds=lambda it: it.reload is not None and it.follows and it.sidecars and it.node_holds(_COPIES),
        loader=SidecarLoader(type="sidecar"),
        reason="the server takes a new version in place, so a loader beside it brings what the tag names",
    ),
    Row(
        when=f"ReadWriteMany storage it fits into, and {BIG_GIB} GiB or more",
        holds=lambda it: it.shares() and it.size_gib >= BIG_GIB,
        loader=PreloadLoader(type="preload"),
        reason=f"from {BIG_GIB} GiB on a Job loads into the shared storage ahead, so that no pod waits for bytes",
    ),
    Row(
        when="ReadWriteMany storage it fits into",
        holds=Situation.shares,
        loader=InitLoader(type="init", into="storage"),
        reason="the first pod loads into the shared storage, the others find it there",
    ),
    Row(
        when="ReadWriteOnce storage it fits into, and one node has all pods of the stack that load",
        holds=lambda it: it.access == "ReadWriteOnce" and it.one_node and _fits(it),
        loader=InitLoader(type="init", into="storage"),
        reason="the one node mounts the storage, so a pod that starts again loads nothing",
    ),
    Row(
        when="anything else",
        holds=lambda _: True,
        loader=InitLoader(type="init", into="pod"),
        reason="there is no storage that all its pods can share, so each pod loads for itself",
    ),
)
"""From the top; the first row that holds is taken."""


def choose(situation: Situation) -> Choice:
    """Return the loader for a model whose stack file names none."""
    row = next(row for row in TABLE if row.holds(situation))
    return Choice(loader=row.loader, reason=row.reason, advice=_advice(situation, row.loader))


def _fits(situation: Situation) -> bool:
    return situation.storage_gib is None or situation.size_gib <= situation.storage_gib


def _advice(situation: Situation, loader: Loader) -> str | None:
    if not isinstance(loader, InitLoader) or loader.into != "pod":
        return None
    if situation.access is not None:
        return "storage.models is not used by it: it is too small, or ReadWriteOnce and more than one pod loads"
    repeated = situation.size_gib >= BIG_GIB and situation.max_pods > 1
    if repeated and situation.steady and not situation.serverless:
        return (
            "each of its pods loads the whole model; loader type nodeCache loads once per node, in a namespace with "
            "rights to the nodes' disks, and ReadWriteMany storage.models once for all"
        )
    return None


def told(choice: Choice) -> str:
    """Return a choice as a person reads it: what, why, and what else there is."""
    text = f"{spelled(choice.loader)}: {choice.reason}"
    return text if choice.advice is None else f"{text} ({choice.advice})"


def markdown() -> str:
    """Return the table as it stands in docs/loaders.md."""
    head = "| Where | Loader | Because |\n|---|---|---|\n"
    return head + "".join(f"| {row.when} | {spelled(row.loader)} | {row.reason} |\n" for row in TABLE)


def spelled(loader: Loader) -> str:
    """Return a loader in a few words."""
    if isinstance(loader, InitLoader):
        return "init, into the storage" if loader.into == "storage" else "init, into the pod"
    return loader.type
