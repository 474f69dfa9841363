"""Update: server-side apply with our field manager and strict field validation, then the wait."""

from dataclasses import replace

from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import Tree, decode, decode_plain, encode, has_unknown, plain
from rehearsal.providers.kubernetes.annotations import PATCH_FORCE, is_true
from rehearsal.providers.kubernetes.awaiting.wait import NotReadyError, Wait, wait_until_ready
from rehearsal.providers.kubernetes.cluster import CONFLICT, FORBIDDEN, Cluster
from rehearsal.providers.kubernetes.differences import parse
from rehearsal.providers.kubernetes.errors import conflicting_owners, is_conflict, update_refused
from rehearsal.providers.kubernetes.normal import normal
from rehearsal.providers.kubernetes.objects import identity_of, items, kind_of, name_of, put, text
from rehearsal.providers.kubernetes.ownership import TAKEN_OVER_MANAGERS, takeover, without_ignored
from rehearsal.providers.kubernetes.session import Session
from rehearsal.providers.kubernetes.state import Checkpoint, read_checkpoint, to_kubernetes, write_checkpoint
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError, UnreachableError
from rehearsal.providers.serve import InitFailedError, Message, ProviderError


def update(session: Session, request: Message) -> Message:
    """Answer an Update call.

    Raises:
        ProviderError: the object could not be read or its kind is not served.
        InitFailedError: the server refused the change, or the object did not become ready.
    """
    news = decode(request.news)
    if request.preview and _cannot_preview(session, request, news):
        return provider_pb2.UpdateResponse(properties=request.news)
    old = read_checkpoint(to_kubernetes(decode_plain(request.olds)))
    inputs = normal(to_kubernetes(plain(news)))
    manager = session.field_manager(inputs, old.field_manager)
    wanted = Checkpoint(inputs, old.live, old.initial_api_version or text(inputs, "apiVersion"), manager)
    try:
        done = _change(session, request, wanted)
    except NoMatchError as error:
        if request.preview:
            return provider_pb2.UpdateResponse(properties=request.news)
        raise ProviderError(_not_served(request.urn, error)) from error
    except UnreachableError as error:
        raise ProviderError(f'update of resource "{request.urn}" failed: {error}') from error
    except (ApiError, NotReadyError) as error:
        if request.preview and isinstance(error, ApiError) and error.code == FORBIDDEN:
            session.engine.warning(f"the API server refuses a dry run of this update: {error}", request.urn)
            return provider_pb2.UpdateResponse(properties=request.news)
        raise _failure(session.require(), request, wanted, news, error) from error
    return provider_pb2.UpdateResponse(properties=encode(write_checkpoint(done, news)))


def _cannot_preview(session: Session, request: Message, news: Tree) -> bool:
    if has_unknown(news):
        return True
    if session.unreachable():
        session.warn_unreachable(request.urn)
        return True
    return False


def _change(session: Session, request: Message, wanted: Checkpoint) -> Checkpoint:
    """Change the object, or dry-run the change, and return what goes into state."""
    cluster, manager = session.require(), wanted.field_manager
    before = cluster.get(wanted.inputs, name_of(wanted.live))
    inputs = without_ignored(wanted.inputs, before, manager, [parse(path) for path in request.ignoreChanges])
    if request.preview:
        live = _preview(session, request.urn, inputs, before, manager)
    else:
        live = _apply(session, inputs, before, manager)
        live = wait_until_ready(session, Wait(request.urn, inputs, live, request.timeout, created=False))
    return replace(wanted, inputs=inputs, live=live)


def _not_served(urn: str, error: NoMatchError) -> str:
    return (
        f'update of resource "{urn}" failed because the Kubernetes API server reported that the apiVersion for this '
        f"resource does not exist. Verify that any required CRDs have been created: {error}"
    )


def _failure(
    cluster: Cluster, request: Message, wanted: Checkpoint, news: Tree, error: ApiError | NotReadyError
) -> InitFailedError | ProviderError:
    """Build the error. The object exists, so its live state and the wanted inputs go into state with it."""
    if isinstance(error, NotReadyError):
        live, what, more = error.live, str(error), error.reasons
    else:
        what, more = update_refused(wanted.field_manager, error), []
        try:
            live = cluster.get(wanted.live)
        except (ApiError, NoMatchError, UnreachableError) as gone:
            return ProviderError(
                f'update of resource "{request.urn}" failed: {what}\nunable to get cluster state: {gone}'
            )
    identity = identity_of(live)
    reason = f'the Kubernetes API server reported that "{identity}" failed to fully initialize or become live: {what}'
    state = write_checkpoint(Checkpoint(wanted.inputs, live, wanted.initial_api_version, wanted.field_manager), news)
    return InitFailedError(identity, state, {}, [reason, *more])


def _force(session: Session, inputs: Tree, before: Tree) -> bool:
    return (
        session.settings.patch_force or is_true(inputs, PATCH_FORCE) or not items(before, "metadata", "managedFields")
    )


def _replaceable(inputs: Tree, before: Tree) -> Tree | None:
    """Build the body of a PUT for the kinds that are replaced as a whole."""
    if kind_of(inputs).kind != "CustomResourceDefinition":
        return None
    body = {**inputs, "metadata": dict(inputs["metadata"])}
    put(body, text(before, "metadata", "resourceVersion"), "metadata", "resourceVersion")
    return body


def _preview(session: Session, urn: str, inputs: Tree, before: Tree, manager: str) -> Tree:
    """Dry-run the change. A conflict that the update will meet is told now; the real plugin keeps it for the update."""
    cluster, body = session.require(), _replaceable(inputs, before)
    if body is not None:
        return cluster.replace(body, dry_run=True)
    if _force(session, inputs, before):
        return cluster.apply(inputs, manager, force=True, dry_run=True)
    try:
        return cluster.apply(inputs, manager, force=False, dry_run=True)
    except ApiError as error:
        if not is_conflict(error):
            raise
        if not _only_with_plain_create(error):
            session.engine.warning(f"this update will fail: {update_refused(manager, error)}", urn)
        return cluster.apply(inputs, manager, force=True, dry_run=True)


def _only_with_plain_create(error: ApiError) -> bool:
    """Tell whether all conflicts are with owners whose fields the update takes over first."""
    return all(
        owner.partition('"')[2].partition('"')[0] in TAKEN_OVER_MANAGERS and "with subresource" not in owner
        for owner in conflicting_owners(error)
    )


def _apply(session: Session, inputs: Tree, before: Tree, manager: str) -> Tree:
    cluster, body = session.require(), _replaceable(inputs, before)
    if body is not None:
        return cluster.replace(body, dry_run=False)
    _take_over(cluster, before, manager)
    return cluster.apply(inputs, manager, force=_force(session, inputs, before), dry_run=False)


def _take_over(cluster: Cluster, before: Tree, manager: str) -> None:
    """Hand the fields of the plain create over; a controller may write in between, so try on the newest version."""
    for attempt in range(3):
        operations = takeover(before, manager)
        if not operations:
            return
        try:
            cluster.json_patch(before, operations)
        except ApiError as error:
            if error.code != CONFLICT or attempt == 2:  # noqa: PLR2004  # the last of three
                raise
            before = cluster.get(before)
        else:
            return
