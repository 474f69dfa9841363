"""Simulated nodes, as data."""

import pytest

from components.node_pool.rehearsal import node_names, render_node
from tests.components.spec_samples import pool


@pytest.mark.parametrize(("least", "names"), [(0, ("a-0",)), (1, ("a-0",)), (3, ("a-0", "a-1", "a-2"))])
def test_a_pool_has_its_smallest_number_of_nodes_and_never_none(least: int, names: tuple[str, ...]) -> None:
    assert node_names(pool("a", min=least, max=3)) == names


def test_cpu_node() -> None:
    node = render_node(pool("general", cpu=8, memoryGib=32, diskGib=100), "general-0")
    resources = {"cpu": "8", "ephemeral-storage": "100Gi", "memory": "32Gi", "pods": "110"}
    assert node == {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": "general-0",
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "app.kubernetes.io/component": "node",
                "app.kubernetes.io/managed-by": "pulumi",
                "app.kubernetes.io/name": "general",
                "app.kubernetes.io/part-of": "slipway",
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": "general-0",
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "rehearsal",
                "slipway.dev/node-pool": "general",
            },
        },
        "spec": {},
        "status": {"allocatable": resources, "capacity": resources},
    }


def test_accelerator_node_announces_its_cards_and_keeps_others_away() -> None:
    cards = pool("h20", accelerator="nvidia-h20", acceleratorsPerNode=8, labels={"gpu": "h20"})
    node = render_node(cards, "h20-0")
    assert node["status"]["capacity"]["nvidia.com/gpu"] == "8"
    assert node["status"]["allocatable"] == node["status"]["capacity"]
    assert node["spec"] == {"taints": [{"effect": "NoSchedule", "key": "nvidia.com/gpu", "value": "present"}]}
    labels = node["metadata"]["labels"]
    assert labels["gpu"] == "h20"
    assert labels["nvidia.com/gpu.product"] == "NVIDIA-H20"
    assert labels["nvidia.com/gpu.count"] == "8"
    assert "slipway.dev/node-pool" not in labels


def test_big_memory_is_spelled_as_the_api_server_spells_it() -> None:
    node = render_node(pool("a", memoryGib=2048), "a-0")
    assert node["status"]["capacity"]["memory"] == "2Ti"
