"""Options of a rehearsal cluster, as data."""

from components.cluster.rehearsal import render_options
from rehearsal.control_plane.options import ClusterOptions
from rehearsal.toolchain.versions import TOOLS
from stacks.spec.cluster import RehearsalCluster

SPEC = RehearsalCluster.model_validate({"type": "rehearsal", "bindDelaySeconds": 1.5, "addressDelaySeconds": None})


def test_options_are_sorted_and_without_doubles() -> None:
    crds = ("scaledobjects.keda.sh", "podmonitors.monitoring.coreos.com")

    assert render_options(SPEC, ("b", "a", "b"), crds, "slipway/dev") == {
        "address_delay_seconds": None,
        "bind_delay_seconds": 1.5,
        "default_storage_class": False,
        "kubernetes_version": "1.34",
        "open_crds": ["podmonitors.monitoring.coreos.com", "scaledobjects.keda.sh"],
        "owner": "slipway/dev",
        "storage_classes": ["a", "b"],
    }


def test_the_rehearsal_understands_them() -> None:
    options = ClusterOptions.model_validate(render_options(SPEC, ("fast",), ("scaledobjects.keda.sh",), "slipway/dev"))
    assert options.kubernetes_version is not None
    group, _tool = TOOLS["kube-apiserver"]
    assert group.version.removeprefix("v").startswith(f"{options.kubernetes_version}.")


def test_image_volumes_are_a_feature_gate_that_the_rehearsal_switches_on() -> None:
    spec = RehearsalCluster.model_validate({"type": "rehearsal", "imageVolumes": True})
    options = ClusterOptions.model_validate(render_options(spec, (), (), "slipway/dev"))

    assert options.feature_gates == {"ImageVolume": True}
    assert ClusterOptions.model_validate(render_options(SPEC, (), (), "slipway/dev")).feature_gates == {}
