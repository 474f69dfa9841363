"""What a look at an object says about its readiness."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.cluster import Cluster


class State(Enum):
    """The three outcomes of a look."""

    READY = auto()
    WAITING = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, what to show meanwhile, and why it is not ready yet."""

    state: State
    progress: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an object: it, the cluster around it, and whether it was just made."""

    cluster: Cluster
    live: Tree
    created: bool
    settled_seconds: float = 0.0


Judge = Callable[[Look], Verdict]
READY = Verdict(State.READY)


def waiting(progress: str, *reasons: str) -> Verdict:
    """Say that it is not ready yet."""
    return Verdict(State.WAITING, progress, reasons)


def failed(*reasons: str) -> Verdict:
    """Say that it never will be ready."""
    return Verdict(State.FAILED, reasons[0] if reasons else "", reasons)


def described(condition: Tree) -> str:
    """Write a condition as ``[Reason] message``."""
    return f"[{condition.get('reason', 'Unknown')}] {condition.get('message', '')}".strip()
