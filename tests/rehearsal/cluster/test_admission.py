"""Admission, RBAC and custom resources in a rehearsal cluster are the real thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rehearsal.control_plane.api import ApiError
from rehearsal.control_plane.objects import install_open_crds
from rehearsal.control_plane.open_crds import parse_open_crd
from tests.rehearsal.cluster.helpers import client_of, make_namespace

if TYPE_CHECKING:
    from rehearsal.cluster import Cluster
    from tests.rehearsal.cluster.helpers import Api

pytestmark = pytest.mark.engine

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def test_restricted_namespace_refuses_a_privileged_pod(rehearsal_cluster: Cluster) -> None:
    """Pod Security admission is on."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    api = make_namespace(rehearsal_cluster, "cluster-tests-restricted", labels)

    containers = [{"name": "main", "image": "none", "securityContext": {"privileged": True}}]
    with pytest.raises(ApiError, match='violates PodSecurity "restricted:latest": privileged'):
        api.pod("bad", containers=containers)

    api.client.request("DELETE", "/api/v1/namespaces/cluster-tests-restricted")


def test_network_policy_and_rbac_objects(api: Api) -> None:
    """NetworkPolicy, Role and RoleBinding are accepted."""
    api.create(
        "networkpolicies",
        {"metadata": {"name": "deny"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
        "/apis/networking.k8s.io/v1",
    )
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    api.create("roles", {"metadata": {"name": "reader"}, "rules": rules}, _RBAC)
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    subjects = [{"kind": "ServiceAccount", "name": "default", "namespace": api.namespace}]
    api.create("rolebindings", {"metadata": {"name": "reader"}, "roleRef": reference, "subjects": subjects}, _RBAC)


def test_rights_are_checked(api: Api) -> None:
    """A ServiceAccount may do what a binding says, and nothing else."""
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    api.create("roles", {"metadata": {"name": "reader"}, "rules": rules}, _RBAC)
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    subjects = [{"kind": "ServiceAccount", "name": "default", "namespace": api.namespace}]
    api.create("rolebindings", {"metadata": {"name": "reader"}, "roleRef": reference, "subjects": subjects}, _RBAC)

    def allowed(verb: str) -> bool:
        user = f"system:serviceaccount:{api.namespace}:default"
        attributes = {"namespace": api.namespace, "verb": verb, "resource": "pods"}
        body = {"spec": {"user": user, "resourceAttributes": attributes}}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        return api.client.request("POST", path, body)["status"]["allowed"] is True

    assert allowed("list")
    assert not allowed("delete")


def test_open_definition_takes_anything_and_says_so(api: Api) -> None:
    """A ScaledObject with any field is stored whole, and the definition is labelled."""
    group = "/apis/keda.sh/v1alpha1"
    spec = {"scaleTargetRef": {"name": "model"}, "anything": {"goes": [1, 2]}}
    body = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "model"}, "spec": spec}

    stored = api.create("scaledobjects", body, group)
    definition = api.client.request("GET", f"{_CRDS}/scaledobjects.keda.sh")

    assert stored["spec"] == spec
    assert definition["metadata"]["labels"]["slipway.dev/schema"] == "open"
    assert "KEDA" in definition["metadata"]["annotations"]["slipway.dev/schema-note"]


def test_present_definition_is_not_touched(rehearsal_cluster: Cluster) -> None:
    """A definition that somebody else brought keeps its schema."""
    client = client_of(rehearsal_cluster)
    crd = parse_open_crd("gadgets.example.com/v1/Gadget/Namespaced")
    schema = {"type": "object", "properties": {"spec": {"type": "object"}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    client.request("POST", _CRDS, {"metadata": {"name": crd.name}, "spec": spec})

    install_open_crds(client, (crd,))

    found = client.request("GET", f"{_CRDS}/{crd.name}")
    assert found["spec"]["versions"][0]["schema"]["openAPIV3Schema"] == schema
    assert "labels" not in found["metadata"]
    client.request("DELETE", f"{_CRDS}/{crd.name}")
