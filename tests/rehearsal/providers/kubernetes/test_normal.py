"""The spelling of state: what the real plugin keeps of a program's inputs."""

import pytest

from rehearsal.providers.codec import UNKNOWN, Json, Tree
from rehearsal.providers.kubernetes.normal import normal, table
from rehearsal.providers.kubernetes.quantity import canonical


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("0.5", "500m"),
        (2, "2"),
        (0.25, "250m"),
        ("1024Mi", "1Gi"),
        ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Ki", "512"),
        ("100000", "100k"),
        ("1e3", "1e3"),
        ("0", "0"),
        ("-1000m", "-1"),
        ("0.1n", "1n"),
        ("12e6", "12e6"),
        ("many", "many"),
        (True, True),
    ],
)
def test_quantities_are_spelled_as_the_server_stores_them(written: object, kept: object) -> None:
    assert canonical(written) == kept


def deployment(**pod: Json) -> Tree:
    """A Deployment around a pod spec."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x"},
        "spec": {"template": {"spec": pod}},
    }


def test_empty_optional_values_vanish_and_pointers_stay() -> None:
    written = deployment(
        hostNetwork=False,
        nodeSelector={},
        automountServiceAccountToken=False,
        securityContext={},
        volumes=[{"name": "v", "emptyDir": {}}],
        containers=[{"name": "c", "image": "i", "env": [{"name": "A", "value": ""}], "args": []}],
    )

    assert normal(written) == deployment(
        automountServiceAccountToken=False,
        securityContext={},
        volumes=[{"name": "v", "emptyDir": {}}],
        containers=[{"name": "c", "image": "i", "env": [{"name": "A"}]}],
    )


def test_quantities_are_found_in_maps_and_fields() -> None:
    written = deployment(
        containers=[{"name": "c", "resources": {"limits": {"cpu": "1000m", "nvidia.com/gpu": 1}}}],
        volumes=[{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1024Mi"}}],
    )
    pod = normal(written)["spec"]["template"]["spec"]

    assert pod["containers"][0]["resources"]["limits"] == {"cpu": "1", "nvidia.com/gpu": "1"}
    assert pod["volumes"][0]["emptyDir"]["sizeLimit"] == "1Gi"


def test_unknown_fields_stay_for_the_server_to_name() -> None:
    assert normal(deployment(replicaz=2))["spec"]["template"]["spec"] == {"replicaz": 2}


def test_values_not_known_yet_stay() -> None:
    assert normal(deployment(nodeName=UNKNOWN, nodeSelector=UNKNOWN))["spec"]["template"]["spec"] == {
        "nodeName": UNKNOWN,
        "nodeSelector": UNKNOWN,
    }


def test_what_only_the_server_writes_is_dropped() -> None:
    written: Tree = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x", "uid": "u", "resourceVersion": "1"},
    }

    assert normal(written)["metadata"] == {"name": "x"}


def test_plain_text_of_a_secret_becomes_data() -> None:
    written: Tree = {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "hi"}, "data": {"b": "Yg=="}}

    assert normal(written) == {"apiVersion": "v1", "kind": "Secret", "data": {"a": "aGk=", "b": "Yg=="}}


def test_a_secret_not_known_yet_stays_plain_text() -> None:
    written: Tree = {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": UNKNOWN}}

    assert normal(written) == written


def test_custom_resources_are_left_alone() -> None:
    written: Tree = {"apiVersion": "example.com/v1", "kind": "X", "metadata": {"name": "x"}, "spec": {"a": [], "b": ""}}

    assert normal(written) == written


def test_a_definition_loses_what_the_server_drops() -> None:
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}

    assert normal({**kind, "spec": {"preserveUnknownFields": False, "group": "g"}, "status": {}}) == {
        **kind,
        "spec": {"group": "g"},
    }


def test_the_table_is_whole() -> None:
    named = {code.lstrip("o*%")[1:] for fields in table().types.values() for code in fields.values() if "T" in code}

    assert named <= table().types.keys()
    assert "apps/v1/Deployment" in table().kinds
