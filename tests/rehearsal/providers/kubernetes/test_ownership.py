"""Who owns which field, and what that means for a change."""

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.differences import parse
from rehearsal.providers.kubernetes.ownership import takeover, without_ignored

OURS = "pulumi-kubernetes-00000001"


def entry(manager: str, operation: str, fields: Tree, **more: str) -> Tree:
    """One entry of managedFields."""
    return {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": fields, **more}


def live(*entries: Tree) -> Tree:
    """A live object."""
    return {
        "metadata": {"resourceVersion": "7", "managedFields": list(entries)},
        "spec": {"replicas": 3, "paused": True},
    }


def test_the_fields_of_a_plain_create_become_ours() -> None:
    status = entry("kube-controller-manager", "Update", {"f:status": {}}, subresource="status")
    created = entry("pulumi-kubernetes", "Update", {"f:spec": {"f:replicas": {}}}, time="t")
    before = entry(OURS, "Apply", {"f:spec": {"f:paused": {}}})

    patch = takeover(live(status, created, before), OURS)

    assert patch[0]["value"] == [
        entry(OURS, "Apply", {"f:spec": {"f:replicas": {}, "f:paused": {}}}),
        status,
    ]
    assert patch[1] == {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}


def test_a_scale_by_kubectl_is_not_taken_over() -> None:
    assert takeover(live(entry("kubectl", "Update", {"f:spec": {"f:replicas": {}}}, subresource="scale")), OURS) == []


def test_an_ignored_field_of_another_owner_is_left_out() -> None:
    inputs: Tree = {"spec": {"replicas": 1, "paused": False}}
    scaled = live(entry("hpa", "Update", {"f:spec": {"f:replicas": {}}}, subresource="scale"))

    assert without_ignored(inputs, scaled, OURS, [parse("spec.replicas")]) == {"spec": {"paused": False}}
    assert inputs == {"spec": {"replicas": 1, "paused": False}}


def test_an_ignored_field_of_ours_keeps_its_live_value() -> None:
    inputs: Tree = {"spec": {"replicas": 1}}
    shared = live(
        entry("hpa", "Update", {"f:spec": {"f:replicas": {}}}), entry(OURS, "Apply", {"f:spec": {"f:replicas": {}}})
    )

    assert without_ignored(inputs, shared, OURS, [parse("spec.replicas")]) == {"spec": {"replicas": 3}}


def test_an_ignored_field_of_a_plain_create_keeps_its_live_value() -> None:
    """Left out, the apply after the takeover would remove it."""
    inputs: Tree = {"spec": {"replicas": 1}}
    created = live(entry("pulumi-resource-kubernetes", "Update", {"f:spec": {"f:replicas": {}}}))

    assert without_ignored(inputs, created, OURS, [parse("spec.replicas")]) == {"spec": {"replicas": 3}}


def test_ignored_paths_through_lists_are_left_alone() -> None:
    inputs: Tree = {"spec": {"containers": [{"image": "i"}]}}

    assert without_ignored(inputs, live(), OURS, [parse("spec.containers[0].image")]) == inputs
