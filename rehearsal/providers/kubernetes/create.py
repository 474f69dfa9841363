"""Create: one plain POST with strict field validation, then the wait; in a preview, the same as a dry run."""

from typing import Final

from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import Tree, decode, encode, has_unknown, plain
from rehearsal.providers.kubernetes.awaiting.wait import NotReadyError, Wait, wait_until_ready
from rehearsal.providers.kubernetes.cluster import FORBIDDEN, NOT_FOUND, Cluster
from rehearsal.providers.kubernetes.errors import ALREADY_EXISTS, creation_failed, missing_namespace
from rehearsal.providers.kubernetes.objects import branch, identity_of, namespace_of, text
from rehearsal.providers.kubernetes.session import Session
from rehearsal.providers.kubernetes.state import Checkpoint, to_kubernetes, write_checkpoint
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError, UnreachableError
from rehearsal.providers.serve import InitFailedError, Message, ProviderError

# The namespace or the definition may still be on its way. The real plugin tries for 63 s.
RETRY_SECONDS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_INVALID_INPUT: Final = frozenset({400, 422})


def create(session: Session, request: Message) -> Message:
    """Answer a Create call.

    Raises:
        ProviderError: the object was not made.
        InitFailedError: it was made and did not become ready.
    """
    news = decode(request.properties)
    if request.preview:
        return _preview(session, request, news)
    inputs: Tree = to_kubernetes(plain(news))
    cluster = session.require()
    try:
        live = _post(session, cluster, inputs, request.urn)
    except (ApiError, NoMatchError, UnreachableError) as error:
        raise ProviderError(creation_failed(request.urn, inputs, error)) from error
    manager = session.field_manager(inputs)

    def state(final: Tree) -> Tree:
        return write_checkpoint(Checkpoint(inputs, final, text(inputs, "apiVersion"), manager), news)

    try:
        live = wait_until_ready(session, Wait(request.urn, inputs, live, request.timeout, created=True))
    except NotReadyError as error:
        reason = (
            f'resource "{request.urn}" was successfully created, but the Kubernetes API server reported that it failed '
            f"to fully initialize or become live: {error}"
        )
        raise InitFailedError(identity_of(error.live), state(error.live), {}, [reason, *error.reasons]) from error
    return provider_pb2.CreateResponse(id=identity_of(live), properties=encode(state(live)))


def _post(session: Session, cluster: Cluster, inputs: Tree, urn: str) -> Tree:
    for attempt, pause in enumerate((*RETRY_SECONDS, None)):
        try:
            return cluster.create(inputs, dry_run=False)
        except (ApiError, NoMatchError) as error:
            retry = isinstance(error, NoMatchError) or error.code == NOT_FOUND
            session.engine.status(f"Retry #{attempt}; creation failed: {error}", urn)
            if not retry or pause is None or session.cancelled.wait(pause):
                raise
    raise AssertionError("the last attempt returns or raises")


def _preview(session: Session, request: Message, news: Tree) -> Message:
    """Answer with the server's dry run where there can be one, else with the inputs."""
    echo = provider_pb2.CreateResponse(properties=request.properties)
    if has_unknown(news):
        return echo
    if session.unreachable():
        session.warn_unreachable(request.urn)
        return echo
    inputs: Tree = to_kubernetes(plain(news))
    try:
        live = _dry_run(session, request.urn, inputs)
    except NoMatchError:  # the definition may be made by this program
        return echo
    except ApiError as error:
        return _refused(session, request, inputs, error)
    if live is None:
        return echo
    live.pop("status", None)
    manager = session.field_manager(inputs)
    state = write_checkpoint(Checkpoint(inputs, live, text(inputs, "apiVersion"), manager), news)
    return provider_pb2.CreateResponse(properties=encode(state))


def _dry_run(session: Session, urn: str, inputs: Tree) -> Tree | None:
    """Dry-run an object; ``None`` when its namespace does not exist and nothing else speaks against it."""
    cluster = session.require()
    if namespace_of(inputs) not in session.missing_namespaces:
        try:
            return cluster.create(inputs, dry_run=True)
        except ApiError as error:
            namespace = missing_namespace(error)
            if not namespace:
                raise
            session.missing_namespaces.add(namespace)
    _dry_run_elsewhere(cluster, urn, inputs)
    return None


def _refused(session: Session, request: Message, inputs: Tree, error: ApiError) -> Message:
    """Decide what a refused dry run means. What the real run may still get past is only told, not an error."""
    if error.reason == ALREADY_EXISTS:  # a replacement deletes first; anything else fails in the update
        session.engine.status(f"Retry #0; creation failed: {error}", request.urn)
    elif error.code == FORBIDDEN:  # a quota, an admission rule, or no right to a dry run
        session.engine.warning(f"the API server refuses a dry run of this object: {error}", request.urn)
    else:
        raise ProviderError(creation_failed(request.urn, inputs, error)) from error
    return provider_pb2.CreateResponse(properties=request.properties)


def _dry_run_elsewhere(cluster: Cluster, urn: str, inputs: Tree) -> None:
    """Check an object whose namespace this program will make: the same dry run in ``default``.

    Only what does not depend on the namespace counts: a field that does not exist, a value that is not allowed.
    """
    moved = {**inputs, "metadata": {**branch(inputs, "metadata"), "namespace": "default"}}
    try:
        cluster.create(moved, dry_run=True)
    except ApiError as error:
        if error.code in _INVALID_INPUT:
            raise ProviderError(creation_failed(urn, inputs, error)) from error
