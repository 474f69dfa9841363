"""Which properties differ, how their paths are written, and which of them replace an object."""

import pytest

from rehearsal.providers.codec import UNKNOWN, Json, Tree
from rehearsal.providers.kubernetes.differences import compare, covers, parse, prune, show
from rehearsal.providers.kubernetes.immutable import replaces, replacing_patterns


def changes(old: Json, new: Json) -> dict[str, str]:
    """Compare, in short."""
    return {show(difference.path): difference.change.value for difference in compare(old, new)}


def test_the_outermost_change_is_told() -> None:
    old = {"a": 1, "gone": {"x": 1}, "same": [1], "list": [{"i": "x:1", "n": "c"}]}
    new = {"a": 2, "new": {"x": 1}, "same": [1], "list": [{"i": "x:2", "n": "c"}, {"n": "d"}]}

    assert changes(old, new) == {
        "a": "UPDATE",
        "gone": "DELETE",
        "new": "ADD",
        "list[0].i": "UPDATE",
        "list[1]": "ADD",
    }


def test_an_unknown_value_is_a_change() -> None:
    assert changes({"a": 1}, {"a": UNKNOWN, "b": UNKNOWN}) == {"a": "UPDATE", "b": "ADD"}


def test_null_is_absence() -> None:
    assert changes({"a": None}, {"b": None}) == {}


def test_another_type_is_an_update() -> None:
    assert changes({"a": {"b": 1}}, {"a": [1]}) == {"a": "UPDATE"}


def test_pruning_leaves_what_the_shape_has() -> None:
    live = {"a": 1, "b": {"c": 2, "d": 3}, "l": [{"x": 1, "y": 2}, {"x": 3}], "status": {}}

    assert prune(live, {"b": {"c": 0}, "l": [{"x": 0}]}) == {"b": {"c": 2}, "l": [{"x": 1}]}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("spec", "containers", 0, "image"), "spec.containers[0].image"),
        (("metadata", "annotations", "a.b/c"), 'metadata.annotations["a.b/c"]'),
        (("data", 'q"x'), 'data["q\\"x"]'),
    ],
)
def test_paths_are_written_and_read(path: tuple[str | int, ...], shown: str) -> None:
    assert show(path) == shown
    assert parse(shown) == path


def test_an_ignored_path_covers_what_is_below() -> None:
    assert covers(parse("spec.containers[*].env"), ("spec", "containers", 1, "env", 0))
    assert not covers(parse("spec.replicas"), ("spec", "replicasx"))


def kind(name: str, api_version: str = "v1", **more: object) -> Tree:
    """An object of a kind."""
    return {"apiVersion": api_version, "kind": name, **more}


@pytest.mark.parametrize(
    ("inputs", "path", "expected"),
    [
        (kind("ConfigMap"), ("metadata", "name"), True),
        (kind("ConfigMap"), ("metadata", "labels", "a"), False),
        (kind("ConfigMap"), ("data", "v"), True),
        (kind("Secret"), ("data",), True),
        (kind("Secret"), ("type",), True),
        (kind("Deployment", "apps/v1"), ("spec", "selector", "matchLabels", "a"), True),
        (kind("Deployment", "apps/v1"), ("spec", "template", "spec"), False),
        (kind("DaemonSet", "apps/v1"), ("spec", "selector"), True),
        (kind("StatefulSet", "apps/v1"), ("spec", "volumeClaimTemplates", 0), True),
        (kind("Job", "batch/v1"), ("spec", "template", "spec", "containers", 0, "image"), True),
        (kind("PersistentVolumeClaim"), ("spec", "resources", "requests"), False),
        (kind("PersistentVolumeClaim"), ("spec", "storageClassName"), True),
        (kind("Pod"), ("spec", "containers", 1, "image"), True),
        (kind("Pod"), ("spec", "tolerations"), False),
        (kind("RoleBinding", "rbac.authorization.k8s.io/v1"), ("roleRef", "name"), True),
        (kind("X", "example.com/v1"), ("spec", "selector"), False),
    ],
)
def test_immutable_fields_replace(inputs: Tree, path: tuple[str | int, ...], expected: bool) -> None:  # noqa: FBT001  # a case
    patterns = replacing_patterns(inputs, config_map_mutable=False, secret_mutable=False)

    assert replaces(path, patterns) is expected


def test_mutable_flags_hold_unless_the_object_is_immutable() -> None:
    def replacing(inputs: Tree) -> bool:
        return replaces(("data", "a"), replacing_patterns(inputs, config_map_mutable=True, secret_mutable=True))

    assert not replacing(kind("ConfigMap"))
    assert not replacing(kind("Secret"))
    assert replacing(kind("ConfigMap", immutable=True))
    assert replacing(kind("Secret", immutable=True))
