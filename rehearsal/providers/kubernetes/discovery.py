"""Which kinds the API server serves, and under which path: asked per API version on first use, again on a miss."""

import threading
import time
from dataclasses import dataclass
from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.objects import Kind, items, kind_of, pick, text
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError, Transport, segment

ASK_AGAIN_SECONDS: Final = 0.5  # many resources of one missing kind must not ask each
_NOT_FOUND: Final = 404
# Built-in kinds without a namespace, Kubernetes 1.34 (`kubectl api-resources --namespaced=false`); for a preview while
# the server cannot be asked.
_CLUSTER_WIDE: Final = frozenset(
    [
        "APIService",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "CSIDriver",
        "CSINode",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IngressClass",
        "IPAddress",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "StorageVersion",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    ]
)


@dataclass(frozen=True, slots=True)
class Resource:
    """How a kind is addressed."""

    kind: Kind
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        """Build the path of a collection, or of one object. An empty namespace means all of them, or none."""
        root = f"/apis/{self.kind.group}/{self.kind.version}" if self.kind.group else f"/api/{self.kind.version}"
        if self.namespaced and namespace:
            root += f"/namespaces/{segment(namespace)}"
        return f"{root}/{self.plural}" + (f"/{segment(name)}" if name else "")


class Discovery:
    """The kinds of one API server. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, dict[str, Resource]]] = {}
        self._planned: dict[Kind, bool] = {}

    def plan(self, definition: Tree) -> None:
        """Note the kinds of a CustomResourceDefinition that this program makes, so that previews know their scope."""
        group, kind = text(definition, "spec", "group"), text(definition, "spec", "names", "kind")
        for version in items(definition, "spec", "versions"):
            planned = Kind(group, text(version, "name"), kind)
            self._planned[planned] = text(definition, "spec", "scope") == "Namespaced"

    def find(self, kind: Kind) -> Resource:
        """Find a kind.

        Raises:
            NoMatchError: the server does not serve it.
        """
        known = self._known.get(kind.api_version)
        if known is None or (kind.kind not in known[1] and time.monotonic() - known[0] > ASK_AGAIN_SECONDS):
            known = self._ask(kind)
        resource = known[1].get(kind.kind)
        if resource is None:
            raise NoMatchError(f'no matches for kind "{kind.kind}" in version "{kind.api_version}"')
        return resource

    def is_namespaced(self, tree: Tree, *, reachable: bool) -> bool:
        """Tell whether a kind lives in namespaces. A kind nobody knows yet is taken to, as the real plugin does."""
        kind = kind_of(tree)
        if kind in self._planned:
            return self._planned[kind]
        if kind.kind in _CLUSTER_WIDE and (not kind.group or "." not in kind.group or kind.group.endswith(".k8s.io")):
            return False
        if not reachable:
            return True
        try:
            return self.find(kind).namespaced
        except NoMatchError:
            return True

    def _ask(self, kind: Kind) -> tuple[float, dict[str, Resource]]:
        with self._lock:
            known = self._known.get(kind.api_version)
            if known is not None and (kind.kind in known[1] or time.monotonic() - known[0] <= ASK_AGAIN_SECONDS):
                return known
            path = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
            try:
                answer = self._transport.request("GET", path)
            except ApiError as error:
                if error.code != _NOT_FOUND:
                    raise
                answer = {}
            fresh = (time.monotonic(), _resources(answer, kind))
            self._known[kind.api_version] = fresh
            return fresh


def _resources(answer: Tree, kind: Kind) -> dict[str, Resource]:
    return {
        text(item, "kind"): Resource(
            Kind(kind.group, kind.version, text(item, "kind")), text(item, "name"), pick(item, "namespaced") is True
        )
        for item in items(answer, "resources")
        if "/" not in text(item, "name")
    }
