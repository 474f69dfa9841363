"""How a Deployment replaces its pods and how long that may take, from plain numbers.

Kubernetes, "Deployments": a rollout is given up when nothing moved for ``progressDeadlineSeconds``. Pulumi waits for
the whole rollout, so its timeout counts every step.
"""

from dataclasses import dataclass
from math import ceil
from typing import Literal, assert_never

from components.objects import Manifest
from components.runtimes.contract import Server

Strategy = Literal["recreate", "replace", "surge"]
"""surge: a spare place exists, new pods come first. replace: one old pod goes first. recreate: all go first, for a
volume only one node may mount."""

MIN_READY_SECONDS = 10
_ATTENTION_SECONDS = 60  # scheduling, image pull of a cached image, status updates
_SAFETY = 1.5
_FLOOR_SECONDS = 600  # the Kubernetes and Pulumi defaults; never less patient than those
_DELETE_EXTRA_SECONDS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class RolloutTimes:
    """Time budgets of one Deployment, seconds.

    Attributes:
        progress: one step of a rollout: a pod leaves, a pod loads and starts.
        create: all pods start at once.
        update: the pods are replaced one after another.
        delete: the pods drain.
    """

    progress: int
    create: int
    update: int
    delete: int


def times(server: Server, *, load_seconds: int, max_pods: int) -> RolloutTimes:
    """Return the budgets for a model whose loading before the server starts takes ``load_seconds``.

    A leaving pod keeps its card until it is gone, so the new one may wait for the whole grace period first.
    """
    start = ceil(server.startup_seconds * _SAFETY) + load_seconds + _ATTENTION_SECONDS
    progress = max(_FLOOR_SECONDS, start + server.drain.grace_seconds)
    one = progress + MIN_READY_SECONDS
    return RolloutTimes(
        progress=progress,
        create=one + _ATTENTION_SECONDS,
        update=one * max_pods + _ATTENTION_SECONDS,
        delete=server.drain.grace_seconds + _DELETE_EXTRA_SECONDS,
    )


def strategy(chosen: Strategy) -> Manifest:
    """Return the Deployment's ``strategy``."""
    match chosen:
        case "recreate":
            return {"type": "Recreate"}
        case "replace":
            return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
        case "surge":
            return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        case _:
            assert_never(chosen)
