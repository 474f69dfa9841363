"""Readiness of what runs pods. The rules are those of ``kubectl rollout status`` (Kubernetes 1.34)."""

from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.awaiting.verdict import READY, Look, Verdict, described, failed, waiting
from rehearsal.providers.kubernetes.objects import branch, condition, identity_of, number, pick, text

NO_LIVE_PODS: Final = "Minimum number of live Pods was not attained"


def _observed(live: Tree) -> bool:
    return number(live, "status", "observedGeneration") >= number(live, "metadata", "generation")


def _wanted(live: Tree) -> int:
    replicas = pick(live, "spec", "replicas")
    return replicas if isinstance(replicas, int) else 1


def deployment(look: Look) -> Verdict:
    """All replicas are of the newest revision and available, and older ones are gone."""
    live, wanted = look.live, _wanted(look.live)
    status = branch(live, "status")
    updated, total = number(status, "updatedReplicas"), number(status, "replicas")
    available = number(status, "availableReplicas")
    if _observed(live) and updated >= wanted and total <= updated and available >= updated:
        return READY
    bad = [condition(live, type_) for type_ in ("Available", "Progressing", "ReplicaFailure")]
    reasons = [described(bad[0])] if bad[0].get("status") == "False" else []
    reasons += [described(item) for item in bad[1:2] if item.get("status") == "False"]
    reasons += [described(item) for item in bad[2:] if item.get("status") == "True"]
    progress = f"Waiting for app ReplicaSet to be available ({min(available, updated)}/{wanted} Pods available)"
    return waiting(progress, *reasons, NO_LIVE_PODS)


def stateful_set(look: Look) -> Verdict:
    """All replicas are ready and, unless updates wait for a deletion by hand, of the newest revision."""
    live, wanted = look.live, _wanted(look.live)
    ready, current = number(live, "status", "readyReplicas"), number(live, "status", "currentReplicas")
    by_hand = text(live, "spec", "updateStrategy", "type") == "OnDelete"
    partition = number(live, "spec", "updateStrategy", "rollingUpdate", "partition")
    updated = number(live, "status", "updatedReplicas")
    new_revision = text(live, "status", "currentRevision") == text(live, "status", "updateRevision")
    rolled = by_hand or new_revision or (partition > 0 and updated >= wanted - partition)
    if _observed(live) and ready >= wanted and rolled:
        return READY
    progress = f"[1/2] Waiting for StatefulSet to create Pods ({ready}/{wanted} Pods ready)"
    return waiting(progress, f"{wanted - ready} out of {wanted} replicas are not ready ({current} of the old revision)")


def daemon_set(look: Look) -> Verdict:
    """Every node that should run a pod runs an available one of the newest revision."""
    live = look.live
    status = branch(live, "status")
    wanted, updated = number(status, "desiredNumberScheduled"), number(status, "updatedNumberScheduled")
    available = number(status, "numberAvailable")
    by_hand = text(live, "spec", "updateStrategy", "type") == "OnDelete"
    if _observed(live) and (by_hand or updated >= wanted) and available >= wanted:
        return READY
    return waiting(
        f"Waiting for DaemonSet Pods ({available}/{wanted} available, {updated} updated)",
        f"{wanted - available} of {wanted} Pods of the DaemonSet are not available",
    )


def job(look: Look) -> Verdict:
    """The Job has completed. A failed Job never will."""
    live = look.live
    if condition(live, "Complete").get("status") == "True":
        return READY
    failure = condition(live, "Failed")
    if failure.get("status") == "True":
        return failed(described(failure))
    status = branch(live, "status")
    if not status.get("startTime"):
        return waiting(f'Waiting for Job "{identity_of(live)}" to start', "The Job has not started")
    counts = " | ".join(f"{name.capitalize()}: {number(status, name)}" for name in ("active", "succeeded", "failed"))
    return waiting(
        f'Waiting for Job "{identity_of(live)}" to succeed ({counts})', f"The Job is not complete ({counts})"
    )


def pod(look: Look) -> Verdict:
    """The Pod is ready, or has ended well."""
    live = look.live
    phase = text(live, "status", "phase")
    if phase == "Succeeded" or condition(live, "Ready").get("status") == "True":
        return READY
    if phase == "Failed":
        return failed(
            f"[{text(live, 'status', 'reason') or 'Failed'}] {text(live, 'status', 'message') or 'Pod failed'}"
        )
    bad = [
        described(item)
        for item in (condition(live, "PodScheduled"), condition(live, "Ready"))
        if item.get("status") == "False"
    ]
    return waiting(f"Waiting for Pod to be ready ({phase or 'Pending'})", *bad)
