"""Read: refresh with real drift, import, and ``get``."""

from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import Json, Tree, decode, decode_plain, encode, plain
from rehearsal.providers.kubernetes.awaiting.wait import NotReadyError, check_on_read
from rehearsal.providers.kubernetes.cluster import NOT_FOUND
from rehearsal.providers.kubernetes.differences import prune
from rehearsal.providers.kubernetes.normal import normal
from rehearsal.providers.kubernetes.objects import (
    branch,
    kind_of,
    kind_of_type,
    name_of,
    put,
    remove,
    split_identity,
    text,
)
from rehearsal.providers.kubernetes.session import Session
from rehearsal.providers.kubernetes.state import Checkpoint, protect, read_checkpoint, to_kubernetes, write_checkpoint
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError, UnreachableError
from rehearsal.providers.serve import InitFailedError, Message, ProviderError

_UNREACHABLE_HELP = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)
# What a live object has and a program never writes.
_NOT_INPUTS = (
    ("metadata", "annotations", "deployment.kubernetes.io/revision"),
    ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
    ("status",),
)


def read(session: Session, request: Message) -> Message:
    """Answer a Read call. An empty id says that the object is gone.

    Raises:
        ProviderError: the cluster cannot be reached or refuses the question.
        InitFailedError: the object is there and not ready.
    """
    if session.unreachable():
        return _unreachable(session, request)
    cluster = session.require()
    known_inputs = decode(request.inputs)
    old = read_checkpoint(to_kubernetes(decode_plain(request.properties)))
    inputs = normal(to_kubernetes(plain(known_inputs)))
    address, from_cluster = _address(inputs, old.live, request)
    try:
        live = cluster.get(address)
    except NoMatchError:
        return provider_pb2.ReadResponse()
    except UnreachableError as error:
        raise ProviderError(f"failed to read resource state due to unreachable cluster: {error}") from error
    except ApiError as error:
        if error.code == NOT_FOUND:
            return provider_pb2.ReadResponse()
        raise ProviderError(f'failed to read "{request.id}": {error}') from error
    live_inputs = _inputs_from_cluster(live) if from_cluster else prune(live, inputs)
    manager = session.field_manager(address, old.field_manager)
    api_version = old.initial_api_version or text(address, "apiVersion")
    state = write_checkpoint(Checkpoint(live_inputs, live, api_version, manager), known_inputs)
    shown = protect(live_inputs, known_inputs)
    if not from_cluster:
        try:
            check_on_read(session, inputs, live)
        except NotReadyError as error:
            raise InitFailedError(request.id, state, shown, [str(error), *error.reasons]) from error
    return provider_pb2.ReadResponse(id=request.id, properties=encode(state), inputs=encode(shown))


def _address(inputs: Tree, old_live: Tree, request: Message) -> tuple[Tree, bool]:
    """Find what to read: from the inputs, else from the old state, else (import, ``get``) from type and id."""
    namespace, name = split_identity(request.id)
    if not name:
        raise ProviderError(f"cannot read {request.urn}: the id {request.id!r} has no name; use namespace/name or name")
    base = inputs if kind_of(inputs).kind else old_live
    from_cluster = not kind_of(base).kind
    address: Tree = {"apiVersion": base.get("apiVersion"), "kind": base.get("kind"), "metadata": {"name": name}}
    if from_cluster:
        kind = kind_of_type(request.type or request.urn.split("::")[2].rpartition("$")[2])
        address |= {"apiVersion": kind.api_version, "kind": kind.kind}
    namespace = namespace or text(base, "metadata", "namespace")
    if namespace:
        put(address, namespace, "metadata", "namespace")
    return address, from_cluster


def _inputs_from_cluster(live: Tree) -> Tree:
    copy: Json = plain(live)
    result = normal(copy)
    for path in _NOT_INPUTS:
        remove(result, *path)
    if not branch(result, "metadata", "annotations"):
        remove(result, "metadata", "annotations")
    return result


def _unreachable(session: Session, request: Message) -> Message:
    reason = session.unreachable()
    session.engine.warning(f"configured Kubernetes cluster is unreachable: {reason}", request.urn)
    if session.settings.delete_unreachable:
        return provider_pb2.ReadResponse()
    if session.settings.skip_update_unreachable:
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
    name = name_of(decode_plain(request.properties)) or request.id
    raise ProviderError(f"failed to read the state of {name}: cluster unreachable: {reason}. {_UNREACHABLE_HELP}")
