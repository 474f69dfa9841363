"""A cluster like the one the recordings were made on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from rehearsal import cluster as clusters
from rehearsal.control_plane.options import ClusterOptions
from rehearsal.providers.kubernetes.cluster import Cluster as Api
from rehearsal.providers.kubernetes.kubeconfig import find_access, load
from tests.rehearsal.cluster.helpers import make_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearsal.cluster import Cluster

BARE = ClusterOptions.model_validate(
    {"address_delay_seconds": None, "bind_delay_seconds": None, "open_crds": ["servicemonitors.monitoring.coreos.com"]}
)
CAPACITY = {"cpu": "64", "memory": "256Gi", "pods": "110", "nvidia.com/gpu": "8"}
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "gpu-0", "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"type": "kwok"}},
    "status": {"allocatable": CAPACITY, "capacity": CAPACITY},
}


def api_of(kubeconfig: str) -> Api:
    """The plugin's own client, for what tests do by hand."""
    config, folder = load(kubeconfig)
    return Api(find_access(config, folder))


@pytest.fixture(scope="session")
def bare_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with one GPU node, no storage class and nobody who gives out addresses."""
    home = make_home(tmp_path_factory.mktemp("bare") / "slipway")
    name = f"test-{os.getpid()}-bare"
    try:
        # Only for the moment: this fixture lives as long as the run, and so would the variable.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLIPWAY_HOME", str(home))
            cluster = clusters.create(name, BARE)
        api_of(cluster.kubeconfig).create(NODE, dry_run=False)
        yield cluster
    finally:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLIPWAY_HOME", str(home))
            clusters.delete(name)


@pytest.fixture(scope="session")
def api(bare_cluster: Cluster) -> Api:
    """The plugin's client on the bare cluster."""
    return api_of(bare_cluster.kubeconfig)
