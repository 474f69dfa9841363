"""The few requests that the tests of the rehearsal cluster send, and scratch homes for its files."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from rehearsal.control_plane.api import ApiClient, ApiError, Object
from rehearsal.toolchain.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rehearsal.cluster import Cluster


def make_home(home: Path) -> Path:
    """Make a scratch SLIPWAY_HOME that knows the tools which `make setup` chose for this clone."""
    home.mkdir(parents=True, exist_ok=True)
    selection = Paths.from_environment().selection
    if selection.exists():
        shutil.copy(selection, home / selection.name)
    return home


def wait_until(check: Callable[[], bool]) -> None:
    """Wait until the check holds, for at most a minute."""
    deadline = time.monotonic() + 60
    while not check():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def exists(client: ApiClient, path: str) -> bool:
    """Whether the object is there."""
    try:
        client.request("GET", path)
    except ApiError as error:
        if error.is_not_found:
            return False
        raise
    return True


def client_of(cluster: Cluster) -> ApiClient:
    """Return an administrator's client."""
    return ApiClient(cluster.server, cluster.directory / "certificates", "admin")


class Api:
    """A namespace of the test's own and short forms of the requests it sends there."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.client = client_of(cluster)
        self.namespace = namespace

    def path(self, plural: str, group: str = "/api/v1") -> str:
        """Path of a collection in the namespace."""
        return f"{group}/namespaces/{self.namespace}/{plural}"

    def create(self, plural: str, body: Object, group: str = "/api/v1") -> Object:
        """Create an object in the namespace."""
        return self.client.request("POST", self.path(plural, group), body)

    def get(self, plural: str, name: str, group: str = "/api/v1") -> Object:
        """Read an object of the namespace."""
        return self.client.request("GET", f"{self.path(plural, group)}/{name}")

    def wait(self, plural: str, name: str, check: Callable[[Object], object], group: str = "/api/v1") -> Object:
        """Read an object until the check holds, for at most a minute."""
        deadline = time.monotonic() + 60
        while True:
            found = self.get(plural, name, group)
            if check(found):
                return found
            assert time.monotonic() < deadline, f"{plural} {name} never got there, last: {found.get('status')}"
            time.sleep(0.05)

    def claim(self, name: str, storage_class: str | None) -> Object:
        """Create a claim of 5 GiB."""
        spec: Object = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "5Gi"}}}
        if storage_class is not None:
            spec["storageClassName"] = storage_class
        return self.create("persistentvolumeclaims", {"metadata": {"name": name}, "spec": spec})

    def pod(self, name: str, **spec: object) -> Object:
        """Create a pod of one container."""
        body: Object = {"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "none"}], **spec}}
        return self.create("pods", body)


def make_namespace(cluster: Cluster, name: str, labels: dict[str, str] | None = None) -> Api:
    """Create a namespace whose ServiceAccount is there, so that pods are admitted."""
    api = Api(cluster, name)
    api.client.request("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels or {}}})
    wait_until(lambda: exists(api.client, f"{api.path('serviceaccounts')}/default"))
    return api


def make_node(cluster: Cluster, name: str, *, gpus: int) -> ApiClient:
    """Create a simulated node with GPUs and no taint."""
    resources = {"cpu": "32", "memory": "128Gi", "pods": "110", "nvidia.com/gpu": str(gpus)}
    body: Object = {
        "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "status": {"capacity": resources, "allocatable": resources},
    }
    client = client_of(cluster)
    client.request("POST", "/api/v1/nodes", body)
    return client
