"""Clusters of a test's own, and the few requests that the tests send."""

from __future__ import annotations

import itertools
import os
import time
from typing import TYPE_CHECKING

import pytest

from rehearsal import cluster as clusters
from rehearsal.control_plane.api import ApiClient, ApiError, Object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rehearsal.cluster import Cluster

_numbers = itertools.count()


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
        """Read an object until the check holds, for at most 20 seconds."""
        deadline = time.monotonic() + 20
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
    deadline = time.monotonic() + 20
    while True:
        try:
            api.get("serviceaccounts", "default")
        except ApiError as error:
            assert error.is_not_found, error
            assert time.monotonic() < deadline, "the ServiceAccount never came"
            time.sleep(0.05)
        else:
            return api


def make_node(cluster: Cluster, name: str, gpus: int) -> None:
    """Create a simulated node with GPUs; pods that tolerate nothing may use it."""
    resources = {"cpu": "32", "memory": "128Gi", "pods": "110", "nvidia.com/gpu": str(gpus)}
    body: Object = {
        "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "status": {"capacity": resources, "allocatable": resources},
    }
    client_of(cluster).request("POST", "/api/v1/nodes", body)


@pytest.fixture(scope="session")
def gpu_node(rehearsal_cluster: Cluster) -> str:
    """A simulated node with eight GPUs in the shared cluster."""
    make_node(rehearsal_cluster, "cluster-tests-gpu", 8)
    return "cluster-tests-gpu"


@pytest.fixture
def api(rehearsal_cluster: Cluster) -> Iterator[Api]:
    """A namespace of the test's own in the shared cluster."""
    namespace = make_namespace(rehearsal_cluster, f"cluster-tests-{next(_numbers)}")
    yield namespace
    namespace.client.request("DELETE", f"/api/v1/namespaces/{namespace.namespace}")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scratch SLIPWAY_HOME, set for this process and those it starts."""
    # Imported by path: the test tree is no package.
    from rehearsal.toolchain.paths import Paths

    selection = Paths.from_environment().selection
    directory = tmp_path / "slipway"
    directory.mkdir()
    if selection.exists():
        (directory / selection.name).write_bytes(selection.read_bytes())
    monkeypatch.setenv("SLIPWAY_HOME", str(directory))
    return directory


@pytest.fixture
def scratch_name(home: Path) -> Iterator[str]:
    """A name for a cluster of the test's own, which is deleted at the end."""
    assert home.is_dir()
    name = f"scratch-{os.getpid()}-{next(_numbers)}"
    yield name
    clusters.delete(name)
