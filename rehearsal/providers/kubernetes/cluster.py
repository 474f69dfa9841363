"""The operations on objects of one cluster, in the terms of the API server."""

import threading
from collections.abc import Sequence
from typing import Final

from rehearsal.providers.codec import Json, Tree
from rehearsal.providers.kubernetes.discovery import Discovery, Resource
from rehearsal.providers.kubernetes.kubeconfig import Access
from rehearsal.providers.kubernetes.objects import Kind, items, kind_of, name_of, namespace_of
from rehearsal.providers.kubernetes.transport import ApiError, Transport, UnreachableError

NOT_FOUND: Final = 404
CONFLICT: Final = 409
FORBIDDEN: Final = 403
CREATE_MANAGER: Final = "pulumi-kubernetes"  # what the real plugin's plain POST leaves in managedFields


class Cluster:
    """One API server as a store of objects. Thread-safe."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.transport = Transport(access)
        self.discovery = Discovery(self.transport)
        self._probe = threading.Lock()
        self._unreachable: str | None = None

    def unreachable(self) -> str:
        """Say why the server cannot be reached; empty when it can. Asked once."""
        with self._probe:
            if self._unreachable is None:
                try:
                    self.transport.request("GET", "/version")
                    self._unreachable = ""
                except UnreachableError as error:
                    self._unreachable = str(error)
                except ApiError:
                    self._unreachable = ""  # it answered, so later answers will say what it refuses
            return self._unreachable

    def resource(self, tree: Tree) -> Resource:
        """Find how the kind of an object is addressed.

        Raises:
            NoMatchError: the server does not serve it.
        """
        return self.discovery.find(kind_of(tree))

    def _path(self, tree: Tree, name: str = "") -> str:
        return self.resource(tree).path(namespace_of(tree) or "default", name)

    def create(self, tree: Tree, *, dry_run: bool) -> Tree:
        """POST an object, with strict field validation."""
        query = {"fieldManager": CREATE_MANAGER, "fieldValidation": "Strict", **_dry(dry_run)}
        return self.transport.request("POST", self._path(tree), query, tree)

    def get(self, tree: Tree, name: str = "") -> Tree:
        """GET the live object of the same kind, namespace and name."""
        return self.transport.request("GET", self._path(tree, name or name_of(tree)))

    def apply(self, tree: Tree, manager: str, *, force: bool, dry_run: bool) -> Tree:
        """Server-side apply, with strict field validation."""
        forced = "true" if force else "false"
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": forced, **_dry(dry_run)}
        return self.transport.request(
            "PATCH", self._path(tree, name_of(tree)), query, tree, "application/apply-patch+yaml"
        )

    def replace(self, tree: Tree, *, dry_run: bool) -> Tree:
        """PUT an object that carries its resourceVersion."""
        query = {"fieldManager": CREATE_MANAGER, "fieldValidation": "Strict", **_dry(dry_run)}
        return self.transport.request("PUT", self._path(tree, name_of(tree)), query, tree)

    def json_patch(self, tree: Tree, operations: Sequence[Tree]) -> Tree:
        """Apply JSON patch operations."""
        return self.transport.request(
            "PATCH", self._path(tree, name_of(tree)), None, list(operations), "application/json-patch+json"
        )

    def delete(self, tree: Tree, propagation: str) -> Json:
        """Ask for deletion."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        return self.transport.request("DELETE", self._path(tree, name_of(tree)), None, body)

    def list_of(self, kind: Kind, namespace: str, *, labels: str = "", fields: str = "") -> list[Tree]:
        """List objects of a kind in one namespace."""
        query = {key: value for key, value in (("labelSelector", labels), ("fieldSelector", fields)) if value}
        return items(self.transport.request("GET", self.discovery.find(kind).path(namespace), query), "items")


def _dry(dry_run: bool) -> dict[str, str]:  # noqa: FBT001  # a private helper of keyword-only callers
    return {"dryRun": "All"} if dry_run else {}
