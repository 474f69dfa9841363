"""Delete: ask for it with a propagation policy, and wait until the object is gone."""

from typing import Final

from google.protobuf import empty_pb2

from rehearsal.providers.codec import Tree, decode, plain
from rehearsal.providers.kubernetes.annotations import SKIP_AWAIT, is_true, propagation_policy
from rehearsal.providers.kubernetes.awaiting.wait import NotReadyError, Wait, wait_until_gone
from rehearsal.providers.kubernetes.cluster import NOT_FOUND
from rehearsal.providers.kubernetes.objects import identity_of, kind_of, put, split_identity
from rehearsal.providers.kubernetes.session import Session
from rehearsal.providers.kubernetes.state import Checkpoint, read_checkpoint, to_kubernetes, write_checkpoint
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError, UnreachableError
from rehearsal.providers.serve import InitFailedError, Message, ProviderError

# For these skipAwait also skips the wait for the deletion (pulumi-kubernetes 4.34 ``awaiters.go``).
_SKIPS_DELETION_WAIT: Final = frozenset(
    {"Namespace", "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicationController", "Job"}
)
_HELP: Final = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)


def delete(session: Session, request: Message) -> Message:
    """Answer a Delete call. An object that is gone already is a success.

    Raises:
        ProviderError: the cluster cannot be reached or refuses.
        InitFailedError: deletion was asked for and has not ended.
    """
    old_state = decode(request.properties)
    old = read_checkpoint(to_kubernetes(plain(old_state)))
    if session.unreachable():
        return _unreachable(session, request)
    target = _target(old, request.id)
    try:
        _delete(session, request, old, target)
    except NoMatchError:
        session.engine.debug("the kind is not served any more, so the object is gone", request.urn)
    except UnreachableError as error:
        raise ProviderError(f'deletion of "{request.id}" failed: {error}') from error
    except NotReadyError as error:
        state = write_checkpoint(
            Checkpoint(old.inputs, error.live, old.initial_api_version, old.field_manager), old_state
        )
        raise InitFailedError(identity_of(error.live), state, {}, [str(error), *error.reasons]) from error
    session.engine.status("", request.urn)
    return empty_pb2.Empty()


def _delete(session: Session, request: Message, old: Checkpoint, target: Tree) -> None:
    try:
        session.require().delete(target, propagation_policy(old.inputs))
    except ApiError as error:
        if error.code == NOT_FOUND:
            return
        raise ProviderError(f'the Kubernetes API server refused to delete "{request.id}": {error}') from error
    if not (is_true(old.inputs, SKIP_AWAIT) and kind_of(target).kind in _SKIPS_DELETION_WAIT):
        session.engine.status("Resource scheduled for deletion", request.urn)
        wait_until_gone(session, Wait(request.urn, old.inputs, target, request.timeout, created=False))


def _unreachable(session: Session, request: Message) -> Message:
    reason = session.unreachable()
    session.engine.warning(f"configured Kubernetes cluster is unreachable: {reason}", request.urn)
    if session.settings.delete_unreachable:
        return empty_pb2.Empty()
    raise ProviderError(f"configured Kubernetes cluster is unreachable: {reason}. {_HELP}")


def _target(old: Checkpoint, identity: str) -> Tree:
    """Address the object by its id, in the version it was last seen in."""
    namespace, name = split_identity(identity)
    base = old.live if kind_of(old.live).kind else old.inputs
    target: Tree = {"apiVersion": base.get("apiVersion"), "kind": base.get("kind"), "metadata": {"name": name}}
    if namespace:
        put(target, namespace, "metadata", "namespace")
    return target
