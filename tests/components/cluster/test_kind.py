"""kind's configuration, as data."""

from components.cluster.kind import render_config
from stacks.spec.cluster import KindCluster
from tests.components.spec_samples import pool

SPEC = KindCluster(type="kind")


def test_each_pool_has_its_smallest_number_of_workers_with_its_labels() -> None:
    pools = [
        pool("gpu", accelerator="nvidia-t4", min=1, labels={"gpu": "t4"}),
        pool("cpu", min=2, max=3),
        pool("x", min=0),
    ]
    assert render_config(SPEC, pools) == {
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "kind": "Cluster",
        "nodes": [
            {"role": "control-plane"},
            {"role": "worker", "labels": {"slipway.dev/node-pool": "cpu"}},
            {"role": "worker", "labels": {"slipway.dev/node-pool": "cpu"}},
            {"role": "worker", "labels": {"gpu": "t4"}},
        ],
    }


def test_order_of_the_pools_changes_nothing() -> None:
    pools = [pool("a"), pool("b")]
    assert render_config(SPEC, pools) == render_config(SPEC, pools[::-1])


def test_image_volumes_are_a_feature_gate_of_every_component() -> None:
    spec = KindCluster.model_validate({"type": "kind", "imageVolumes": True})

    assert render_config(spec, [pool("a")])["featureGates"] == {"ImageVolume": True}
    assert "featureGates" not in render_config(SPEC, [pool("a")])
