"""Clusters and namespaces of a test's own."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest

from rehearsal import cluster as clusters
from tests.rehearsal.cluster.helpers import Api, make_home, make_namespace, make_node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rehearsal.cluster import Cluster

_numbers = itertools.count()


@pytest.fixture(scope="session")
def gpu_node(rehearsal_cluster: Cluster) -> Iterator[str]:
    """A simulated node with eight GPUs in the shared cluster."""
    api = make_node(rehearsal_cluster, "cluster-tests-gpu", gpus=8)
    yield "cluster-tests-gpu"
    api.request("DELETE", "/api/v1/nodes/cluster-tests-gpu")


@pytest.fixture
def api(rehearsal_cluster: Cluster) -> Iterator[Api]:
    """A namespace of the test's own in the shared cluster."""
    namespace = make_namespace(rehearsal_cluster, f"cluster-tests-{next(_numbers)}")
    yield namespace
    namespace.client.request("DELETE", f"/api/v1/namespaces/{namespace.namespace}")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scratch SLIPWAY_HOME, set for this process and those it starts."""
    directory = make_home(tmp_path / "slipway")
    monkeypatch.setenv("SLIPWAY_HOME", str(directory))
    return directory


@pytest.fixture
def scratch_name(home: Path) -> Iterator[str]:
    """A name for a cluster of the test's own, which is deleted at the end."""
    assert home.is_dir()
    name = f"scratch-{os.getpid()}-{next(_numbers)}"
    yield name
    clusters.delete(name)
