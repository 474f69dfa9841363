"""Diff: what an update would change, and whether it replaces. No call to the cluster, but for ``replaceUnready``."""

from typing import Final

from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import Json, Tree, decode_plain
from rehearsal.providers.kubernetes.annotations import AUTONAMED, REPLACE_UNREADY, is_true
from rehearsal.providers.kubernetes.differences import Change, Difference, compare, covers, parse, prune, show
from rehearsal.providers.kubernetes.immutable import replaces, replacing_patterns
from rehearsal.providers.kubernetes.naming import is_named
from rehearsal.providers.kubernetes.normal import normal
from rehearsal.providers.kubernetes.objects import condition, name_of, namespace_of, pick, put, remove
from rehearsal.providers.kubernetes.session import Session
from rehearsal.providers.kubernetes.state import Checkpoint, read_checkpoint, to_kubernetes
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError, UnreachableError
from rehearsal.providers.serve import Message

_PLAIN: Final = provider_pb2.PropertyDiff
_REPLACE_UNREADY_PATH: Final = f'.metadata.annotations["{REPLACE_UNREADY}"]'


def diff(session: Session, request: Message) -> Message:
    """Answer a Diff call."""
    old = read_checkpoint(to_kubernetes(decode_plain(request.olds)))
    new = normal(to_kubernetes(decode_plain(request.news)))
    found = _differences(session, old, new, [parse(path) for path in request.ignoreChanges])
    patterns = replacing_patterns(
        new,
        config_map_mutable=session.settings.config_map_mutable,
        secret_mutable=session.settings.secret_mutable,
    )
    detailed: dict[str, Message] = {}
    replacing: list[str] = []
    for difference in found:
        replace = replaces(difference.path, patterns)
        shown = show(difference.path)
        detailed[shown] = _property(difference.change, replace=replace)
        if replace:
            replacing.append(shown)
    if is_true(new, REPLACE_UNREADY) and _is_unready_job(session, old, new, request.urn):
        replacing.append(_REPLACE_UNREADY_PATH)
    changes = provider_pb2.DiffResponse.DIFF_SOME if detailed or replacing else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=changes,
        replaces=replacing,
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=bool(replacing) and _keeps_its_name(old, new),
    )


def _property(change: Change, *, replace: bool) -> Message:
    kind = _PLAIN.Kind.Value(f"{change}_REPLACE" if replace else change.value)
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=change is Change.DELETE)


def _differences(
    session: Session, old: Checkpoint, new: Tree, ignored: list[tuple[str | int, ...]]
) -> list[Difference]:
    base: Json = prune(old.live, normal(old.inputs))
    if name_of(new):
        put(base, name_of(old.live), "metadata", "name")
    _align_namespaces(session, base, new)
    remove(base, "metadata", "resourceVersion")
    return [item for item in compare(base, new) if not any(covers(path, item.path) for path in ignored)]


def _align_namespaces(session: Session, base: Tree, new: Tree) -> None:
    """Take a missing namespace for ``default``, and none at all for cluster-wide kinds."""
    if namespace_of(base) and pick(new, "metadata", "namespace"):
        return
    if session.cluster is None or session.cluster.discovery.is_namespaced(new, reachable=False):
        for tree in (base, new):
            if not pick(tree, "metadata", "namespace"):
                put(tree, "default", "metadata", "namespace")
    else:
        remove(base, "metadata", "namespace")
        remove(new, "metadata", "namespace")


def _keeps_its_name(old: Checkpoint, new: Tree) -> bool:
    """Tell whether old and new object cannot exist side by side: same given name, same namespace."""
    return (
        is_named(new)
        and not is_true(new, AUTONAMED)
        and name_of(new) == name_of(old.live)
        and (namespace_of(new) or "default") == (namespace_of(old.live) or "default")
    )


def _is_unready_job(session: Session, old: Checkpoint, new: Tree, urn: str) -> bool:
    if new.get("kind") != "Job":
        session.engine.warning("replaceUnready annotation is not supported for this resource", urn)
        return False
    if session.cluster is None or session.unreachable():
        session.engine.warning("Cluster is unreachable, skipping replaceUnready check", urn)
        return False
    try:
        live = session.cluster.get(old.live)
    except (ApiError, NoMatchError, UnreachableError) as error:
        session.engine.debug(f"replaceUnready: the Job could not be read: {error}", urn)
        return False
    return condition(live, "Complete").get("status") != "True"
