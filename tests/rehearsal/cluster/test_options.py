"""Options are checked before anything is started."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rehearsal.control_plane.errors import ClusterError
from rehearsal.control_plane.open_crds import KNOWN, is_established, manifest, parse_open_crd
from rehearsal.control_plane.options import ClusterOptions, StorageClass, check_name


def test_strings_stand_for_classes_and_definitions() -> None:
    """JSON may name a class or a known definition by a plain string."""
    options = ClusterOptions.model_validate_json(
        '{"storage_classes": ["cfs", {"name": "cbs", "binding_mode": "WaitForFirstConsumer"}],'
        ' "open_crds": ["scaledobjects.keda.sh"], "bind_delay_seconds": null}'
    )

    assert options.storage_classes == (
        StorageClass(name="cfs"),
        StorageClass(name="cbs", binding_mode="WaitForFirstConsumer"),
    )
    assert options.open_crds[0].kind == "ScaledObject"
    assert options.bind_delay_seconds is None


def test_options_survive_a_round_trip() -> None:
    """What is written to the record is read back as the same options."""
    options = ClusterOptions.model_validate({"storage_classes": ["cfs"], "open_crds": list(KNOWN)})

    assert ClusterOptions.model_validate_json(options.model_dump_json()) == options


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"storage_clases": []}, "Extra inputs are not permitted"),
        ({"storage_classes": ["cfs", "cfs"]}, "names must differ"),
        ({"storage_classes": ["Not_A_Name"]}, "should match pattern"),
        ({"bind_delay_seconds": -1}, "greater than or equal to 0"),
        ({"open_crds": ["scaledobject.keda.sh"]}, "not a known custom resource definition"),
        ({"kubernetes_version": "latest"}, "should match pattern"),
        ({"feature_gates": {"A,B": True}}, "should match pattern"),
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, object], message: str) -> None:
    """Each mistake has words of its own."""
    with pytest.raises(ValidationError, match=message):
        ClusterOptions.model_validate(wrong)


@pytest.mark.parametrize("name", ["", "Dev", "-dev", "dev-", "a/b", "..", "d" * 41])
def test_names_that_cannot_be_directories_are_refused(name: str) -> None:
    """A name never leaves the clusters' directory."""
    with pytest.raises(ClusterError, match="is not allowed"):
        check_name(name)


def test_any_definition_can_be_written_out() -> None:
    """plural.group/version/Kind/scope."""
    crd = parse_open_crd("widgets.example.com/v1/Widget/Cluster")

    assert (crd.name, crd.version, crd.kind, crd.scope) == ("widgets.example.com", "v1", "Widget", "Cluster")


def test_definition_says_what_it_is() -> None:
    """Label, note, open schema, and the status subresource of the real one."""
    rendered = manifest(KNOWN["servicemonitors.monitoring.coreos.com"])
    version = rendered["spec"]["versions"][0]

    assert rendered["metadata"]["labels"] == {"slipway.dev/schema": "open"}
    assert "not checked" in rendered["metadata"]["annotations"]["slipway.dev/schema-note"]
    assert version["schema"]["openAPIV3Schema"]["x-kubernetes-preserve-unknown-fields"] is True
    assert version["subresources"] == {"status": {}}
    assert "subresources" not in manifest(KNOWN["servingruntimes.serving.kserve.io"])["spec"]["versions"][0]


def test_established_is_read_from_the_conditions() -> None:
    """A definition without conditions is not served yet."""
    assert not is_established({})
    assert not is_established({"status": {"conditions": [{"type": "Established", "status": "False"}]}})
    assert is_established({"status": {"conditions": [{"type": "Established", "status": "True"}]}})
