"""Check: the inputs as state will hold them, with a name and a namespace."""

from typing import Final

from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import Tree, decode, decode_plain, encode
from rehearsal.providers.kubernetes.annotations import AUTONAMED, annotation
from rehearsal.providers.kubernetes.naming import adopt_or_give_name, is_named
from rehearsal.providers.kubernetes.normal import normal, table
from rehearsal.providers.kubernetes.objects import Kind, kind_of_type, pick, put
from rehearsal.providers.kubernetes.session import Session
from rehearsal.providers.kubernetes.state import protect, to_kubernetes
from rehearsal.providers.serve import Message, ProviderError

_NOT_OBJECTS: Final = ("helm.sh", "yaml", "kustomize")


def check(session: Session, request: Message) -> Message:
    """Answer a Check call.

    Raises:
        ProviderError: the type is not a Kubernetes object, or the object cannot get a name.
    """
    if session.settings.skip_update_unreachable and session.unreachable():
        session.engine.warning("Cluster is unreachable but skipUpdateUnreachable is set, skipping", request.urn)
        return provider_pb2.CheckResponse(inputs=request.olds)
    kind = _kind(request)
    given = decode_plain(request.news)
    if annotation(given, AUTONAMED):
        session.engine.warning(f'ignoring user-specified value for internal annotation "{AUTONAMED}"', request.urn)
    inputs = dict(given)
    inputs.setdefault("apiVersion", kind.api_version)
    inputs.setdefault("kind", kind.kind)
    inputs = normal(to_kubernetes(inputs))
    if not is_named(inputs) and pick(inputs, "metadata", "generateName"):
        raise ProviderError(f"{request.urn}: metadata.generateName is not supported with server-side apply; set a name")
    adopt_or_give_name(inputs, decode_plain(request.olds), request)
    _set_namespace(session, inputs)
    if kind.kind == "CustomResourceDefinition" and session.cluster:
        session.cluster.discovery.plan(inputs)
    if inputs == given and kind.kind != "Secret":  # nothing to add, nothing to hide: the common case, and the fast one
        return provider_pb2.CheckResponse(inputs=request.news)
    return provider_pb2.CheckResponse(inputs=encode(protect(inputs, decode(request.news))))


def _kind(request: Message) -> Kind:
    """Read the kind from the type token, and refuse the types that are no objects of the API."""
    token = request.type or request.urn.split("::")[2].rpartition("$")[2]
    try:
        kind = kind_of_type(token)
    except ValueError as error:
        raise ProviderError(f"{request.urn}: {error}; the stand-in plugin makes Kubernetes objects only") from None
    if kind.group.split("/")[0] in _NOT_OBJECTS:
        raise ProviderError(
            f"{request.urn}: the stand-in plugin does not support {token}: it makes plain Kubernetes objects, not Helm "
            "releases, YAML groups or kustomizations; write the objects in the program or use the real plugin"
        )
    base = kind.kind.removesuffix("Patch")
    if base != kind.kind and f"{kind.api_version}/{base}" in table().kinds:
        raise ProviderError(f"{request.urn}: the stand-in plugin does not support {kind.kind}; use {base} or import it")
    if kind.kind.endswith("List") and f"{kind.api_version}/{kind.kind.removesuffix('List')}" in table().kinds:
        raise ProviderError(f"{request.urn}: a list cannot be created; make each of its objects a resource")
    return kind


def _set_namespace(session: Session, inputs: Tree) -> None:
    """Fill in the provider's namespace where the kind lives in one and the program gives none."""
    if pick(inputs, "metadata", "namespace") is not None:
        return
    reachable = session.cluster is not None and not session.unreachable()
    if session.cluster is None or session.cluster.discovery.is_namespaced(inputs, reachable=reachable):
        put(inputs, session.namespace, "metadata", "namespace")
