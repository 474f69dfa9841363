"""Why pods of an object do not run: their conditions, their containers, and the events."""

from collections.abc import Iterator
from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.awaiting.verdict import described
from rehearsal.providers.kubernetes.cluster import Cluster
from rehearsal.providers.kubernetes.objects import Kind, branch, conditions, items, name_of, namespace_of, text
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError, UnreachableError

MAX_REASONS: Final = 8
_POD: Final = Kind("", "v1", "Pod")
_EVENT: Final = Kind("", "v1", "Event")
_SERVICE_LIKE: Final = frozenset({"Service", "Ingress", "PersistentVolumeClaim", "PersistentVolume"})


def explain(cluster: Cluster, live: Tree) -> list[str]:
    """List what the cluster says about an object that is not ready: pods, containers and warning events."""
    namespace = namespace_of(live)
    try:
        pods = _pods(cluster, live)
        events = cluster.list_of(_EVENT, namespace, fields="type=Warning") if namespace else []
    except (ApiError, NoMatchError, UnreachableError) as error:
        return [f"its pods and events could not be read: {error}"]
    names = {name_of(live), *(name_of(pod) for pod in pods)}
    owners = {text(owner, "name") for pod in pods for owner in items(pod, "metadata", "ownerReferences")}
    started = text(live, "metadata", "creationTimestamp")
    found = [reason for pod in pods for reason in _pod_reasons(pod)]
    found += [
        f"[{text(event, 'reason')}] {text(event, 'involvedObject', 'kind')} "
        f"{text(event, 'involvedObject', 'name')}: {text(event, 'message')}"
        for event in events
        if _is_about(event, live, names | owners) and _when(event) >= started
    ]
    return list(dict.fromkeys(found))[:MAX_REASONS]


def _is_about(event: Tree, live: Tree, names: set[str]) -> bool:
    about = text(event, "involvedObject", "name")
    owned = text(live, "kind") == "Deployment" and about.startswith(f"{name_of(live)}-")
    return about in names or owned


def _when(event: Tree) -> str:
    return text(event, "lastTimestamp") or text(event, "eventTime") or text(event, "metadata", "creationTimestamp")


def _pods(cluster: Cluster, live: Tree) -> list[Tree]:
    if text(live, "kind") == "Pod":
        return [live]
    labels = branch(live, "spec", "selector", "matchLabels")
    if text(live, "kind") in _SERVICE_LIKE or not labels or not namespace_of(live):
        return []
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return cluster.list_of(_POD, namespace_of(live), labels=selector)


def _pod_reasons(pod: Tree) -> Iterator[str]:
    for item in conditions(pod):
        if item.get("type") == "PodScheduled" and item.get("status") == "False":
            yield f"[Pod {name_of(pod)}] {described(item)}"
    for kind in ("initContainerStatuses", "containerStatuses"):
        for status in items(pod, "status", kind):
            state = branch(status, "state", "waiting") or branch(status, "state", "terminated")
            reason = text(state, "reason")
            if reason and reason not in {"ContainerCreating", "PodInitializing", "Completed"}:
                container = text(status, "name")
                yield f"[Pod {name_of(pod)}] container {container}: [{reason}] {text(state, 'message')}".rstrip()
