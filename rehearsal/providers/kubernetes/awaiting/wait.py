"""Wait until an object is ready, is gone, or time is up.

Looks are further apart the longer it takes: short waits end at once and long ones cost little, and no watch holds a
connection per object.
"""

import time
from dataclasses import dataclass
from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.annotations import SKIP_AWAIT, WAIT_FOR, annotation, is_true, timeout_seconds
from rehearsal.providers.kubernetes.awaiting import services, workloads
from rehearsal.providers.kubernetes.awaiting.explain import explain
from rehearsal.providers.kubernetes.awaiting.verdict import Judge, Look, State, Verdict, waiting
from rehearsal.providers.kubernetes.awaiting.wait_for import judge_annotation
from rehearsal.providers.kubernetes.cluster import NOT_FOUND, Cluster
from rehearsal.providers.kubernetes.objects import branch, kind_of, name_of
from rehearsal.providers.kubernetes.session import Session
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError, UnreachableError

_TEN_MINUTES: Final = 600.0
_SHORTEST_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 2.0
_SHARE_OF_ELAPSED: Final = 0.15
# The judge and the default timeout in seconds of each kind (pulumi-kubernetes 4.34, ``provider/pkg/await``).
_JUDGES: Final[dict[str, tuple[Judge, float]]] = {
    "apiextensions.k8s.io/v1/CustomResourceDefinition": (services.definition, 60.0),
    "apps/v1/DaemonSet": (workloads.daemon_set, _TEN_MINUTES),
    "apps/v1/Deployment": (workloads.deployment, _TEN_MINUTES),
    "apps/v1/StatefulSet": (workloads.stateful_set, _TEN_MINUTES),
    "batch/v1/Job": (workloads.job, _TEN_MINUTES),
    "networking.k8s.io/v1/Ingress": (services.ingress, _TEN_MINUTES),
    "v1/PersistentVolume": (services.persistent_volume, 300.0),
    "v1/PersistentVolumeClaim": (services.persistent_volume_claim, 300.0),
    "v1/Pod": (workloads.pod, _TEN_MINUTES),
    "v1/Secret": (services.token_secret, 30.0),
    "v1/Service": (services.service, _TEN_MINUTES),
}
# Refresh reports these when they are not ready; the others are only read.
_JUDGED_ON_READ: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "Pod", "Service", "Ingress"})


class NotReadyError(Exception):
    """The object exists and is not ready. ``live`` is its last known state."""

    def __init__(self, message: str, live: Tree, reasons: list[str]) -> None:
        super().__init__(message)
        self.live = live
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Wait:
    """One object to wait for: what the program wants, what the server answered, and how long it may take."""

    urn: str
    inputs: Tree
    live: Tree
    requested_seconds: float
    created: bool


def _judge_for(inputs: Tree) -> tuple[Judge, float] | None:
    condition = annotation(inputs, WAIT_FOR)
    if condition:
        return judge_annotation(condition), _TEN_MINUTES
    return _JUDGES.get(str(kind_of(inputs)))


def wait_until_ready(session: Session, wait: Wait) -> Tree:
    """Wait, and return the live object.

    Raises:
        NotReadyError: time is up, it failed, or the wait was cancelled.
    """
    found = _judge_for(wait.inputs)
    if is_true(wait.inputs, SKIP_AWAIT):
        session.engine.status("Skipping await logic", wait.urn)
        return wait.live
    if found is None:
        return wait.live
    judge, default_seconds = found
    limit = timeout_seconds(wait.inputs, wait.requested_seconds, default_seconds)
    live = _wait(session, wait, judge, limit)
    session.engine.status("", wait.urn)
    return live


def _wait(session: Session, wait: Wait, judge: Judge, limit: float) -> Tree:
    cluster, live, shown = session.require(), wait.live, ""
    started = changed = time.monotonic()
    while True:
        now = time.monotonic()
        verdict = _glance(judge, Look(cluster, live, wait.created, now - changed))
        if verdict.state is State.READY:
            return live
        if verdict.progress != shown:
            shown, changed = verdict.progress, now
            session.engine.status(shown, wait.urn)
        name = name_of(live)
        if verdict.state is State.FAILED:
            raise NotReadyError(
                f"Resource '{name}' was created but failed to initialize", live, _why(session, live, verdict)
            )
        if now - started >= limit:
            raise NotReadyError(f"'{name}' timed out waiting to be Ready", live, _why(session, live, verdict))
        pause = min(max((now - started) * _SHARE_OF_ELAPSED, _SHORTEST_SECONDS), _LONGEST_SECONDS)
        if session.cancelled.wait(min(pause, max(limit - (now - started), 0.01))):
            raise NotReadyError(f"Resource operation was cancelled for '{name}'", live, [])
        fresh = _read_again(cluster, live)
        if fresh is None:
            raise NotReadyError(f"'{name}' was deleted by something else while it was waited for", live, [])
        live = fresh


def _glance(judge: Judge, look: Look) -> Verdict:
    """Judge; a server that cannot be asked for a moment is no verdict on the object."""
    try:
        return judge(look)
    except (ApiError, NoMatchError, UnreachableError) as error:
        return waiting("Waiting for the API server", f"the API server could not be asked: {error}")


def _read_again(cluster: Cluster, live: Tree) -> Tree | None:
    """Read the object: ``None`` when it is gone, its last known state while the server cannot be asked."""
    try:
        return cluster.get(live)
    except NoMatchError:
        return None
    except ApiError as error:
        return None if error.code == NOT_FOUND else live
    except UnreachableError:
        return live


def _why(session: Session, live: Tree, verdict: Verdict) -> list[str]:
    """List the object's own reasons, then what else the cluster tells; an event often repeats a condition."""
    more = [reason for reason in explain(session.require(), live) if not _repeats(reason, verdict)]
    return [*verdict.reasons, *more]


def _repeats(reason: str, verdict: Verdict) -> bool:
    message = reason.partition(": ")[2]
    return bool(message) and any(message in known for known in verdict.reasons)


def check_on_read(session: Session, inputs: Tree, live: Tree) -> None:
    """Look once, for a refresh.

    Raises:
        NotReadyError: a kind that refresh reports on is not ready.
    """
    found = _JUDGES.get(str(kind_of(live)))
    if found is None or is_true(inputs, SKIP_AWAIT) or kind_of(live).kind not in _JUDGED_ON_READ:
        return
    verdict = _glance(found[0], Look(session.require(), live, created=False, settled_seconds=float("inf")))
    if verdict.state is not State.READY:
        message = f"Resource '{name_of(live)}' was created but failed to initialize"
        raise NotReadyError(message, live, _why(session, live, verdict))


def wait_until_gone(session: Session, wait: Wait) -> None:
    """Wait until an object is deleted.

    Raises:
        NotReadyError: it still exists when time is up or the wait was cancelled.
    """
    cluster, live = session.require(), wait.live
    limit = timeout_seconds(wait.inputs, wait.requested_seconds, _TEN_MINUTES)
    started = time.monotonic()
    while True:
        elapsed = time.monotonic() - started
        kept = ", ".join(map(str, branch(live, "metadata").get("finalizers") or []))
        reasons = [f"finalizers still there: {kept}"] if kept else []
        if elapsed >= limit:
            what = f"Timed out waiting for deletion of {kind_of(live)} {name_of(live)!r}"
            raise NotReadyError(what, live, reasons)
        pause = min(max(elapsed * _SHARE_OF_ELAPSED, _SHORTEST_SECONDS), _LONGEST_SECONDS)
        if session.cancelled.wait(pause):
            raise NotReadyError(f"Resource operation was cancelled for {name_of(live)!r}", live, reasons)
        fresh = _read_again(cluster, live)
        if fresh is None:
            return
        live = fresh
