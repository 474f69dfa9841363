"""Every transport's pods and objects on a real API server, strictly, at the Pod Security level that each claims.

A controller's pods are judged when they are made, and the controller itself is only warned about, so the pod of every
template is sent as well (Kubernetes, "Pod Security Admission", "Workload resources and Pod templates").
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from components.loaders import node_cache, node_cache_pods
from components.loaders.code import config_map
from components.security.namespace import PodSecurity, render_namespace
from components.security.network_policy import render_default_deny, render_dns
from components.security.service_account import render_service_account
from components.workload import pod
from tests.api.differences import differences
from tests.api.kubectl import Kubectl, Refused
from tests.components.loader_samples import CACHE, SIGNED_CACHE, of_kind, pod_from, signed_transports, transports
from tests.components.model_samples import HTTP, ON_CARDS, ON_CPU, VLLM, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.objects import Manifest
    from rehearsal.cluster import Cluster

pytestmark = pytest.mark.engine

MODELS, CACHES, OPEN_TO_BASELINE = "api-loaders", node_cache_pods.cache_namespace("api-loaders"), "api-baseline"
LEVELS: dict[str, PodSecurity] = {MODELS: "restricted", CACHES: "privileged", OPEN_TO_BASELINE: "baseline"}
SERVED = {"http": (HTTP, ON_CPU), "vllm": (VLLM, ON_CARDS)}
LOADED = {**transports(), **signed_transports()}
DAEMON_SET = node_cache_pods.render_daemon_set(CACHE, MODELS, "registry")


@pytest.fixture(scope="module")
def kubectl(rehearsal_cluster: Cluster) -> Iterator[Kubectl]:
    """The models' namespace, the cache's and one at "baseline", each with the accounts its pods name."""
    own = Kubectl(rehearsal_cluster.kubeconfig_path, MODELS)
    own.create([render_namespace(name, level, (1, 34)) for name, level in LEVELS.items()])
    accounts = ("models", "model-server", node_cache_pods.ACCOUNT)
    own.create([render_service_account(account, name, ["registry"]) for name in LEVELS for account in accounts])
    yield own
    own.run("delete", "namespace", *LEVELS, "--wait=false")


def server_pod(how: str, runtime: str = "http") -> Manifest:
    spec, placement = SERVED[runtime]
    server = serve(spec, accelerators=placement.nodes.accelerators)
    template = pod.render(server, LOADED[how], placement, name="qwen", kubernetes_version=(1, 34))
    return pod_from(template)


def job_pods() -> dict[str, Manifest]:
    sync = of_kind(LOADED["sync"], "CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    return {
        "preload": pod_from(of_kind(LOADED["preload"], "Job")["spec"]["template"]),
        "sync": pod_from(sync),
        "first-sync": pod_from(of_kind(LOADED["sync"], "Job")["spec"]["template"]),
    }


def cache_pod() -> Manifest:
    return pod_from(DAEMON_SET["spec"]["template"])


@pytest.mark.parametrize("runtime", SERVED)
@pytest.mark.parametrize("how", LOADED)
def test_server_pods_are_admitted_at_restricted(kubectl: Kubectl, how: str, runtime: str) -> None:
    assert "created (server dry run)" in kubectl.try_out([server_pod(how, runtime)])


@pytest.mark.parametrize("which", ["preload", "sync", "first-sync"])
def test_loading_pods_are_admitted_at_restricted(kubectl: Kubectl, which: str) -> None:
    assert "created (server dry run)" in kubectl.try_out([job_pods()[which]])


@pytest.mark.parametrize("how", LOADED)
def test_objects_of_a_loader_are_accepted_and_come_back_as_written(kubectl: Kubectl, how: str) -> None:
    objects = LOADED[how].objects
    for manifest, kept in zip(objects, kubectl.kept(objects) if objects else (), strict=True):
        content = "data" if manifest["kind"] == "ConfigMap" else "spec"
        assert differences(manifest[content], kept[content]) == []


def test_objects_of_the_cache_are_accepted_and_come_back_as_written(kubectl: Kubectl) -> None:
    own = kubectl.at(CACHES)
    objects = [
        DAEMON_SET,
        node_cache_pods.render_list(CACHE, CACHES, pull_secret=True),
        node_cache_pods.render_list(SIGNED_CACHE, CACHES, pull_secret=True),
        node_cache_pods.render_policy(CACHE, CACHES, ("10.0.0.0/8",), "monitoring"),
        render_default_deny(CACHES),
        render_dns(CACHES),
        config_map(CACHES),
    ]
    for manifest, kept in zip(objects, own.kept(objects), strict=True):
        if "spec" in manifest:
            assert differences(manifest["spec"], kept["spec"]) == []


def test_the_cache_needs_the_level_it_claims_and_no_lower_one_will_do(kubectl: Kubectl) -> None:
    assert "created (server dry run)" in kubectl.at(CACHES).try_out([cache_pod()])
    for level in (MODELS, OPEN_TO_BASELINE):
        with pytest.raises(Refused, match=r"violates PodSecurity.*hostPath"):
            kubectl.at(level).try_out([cache_pod()])


def test_but_for_its_directory_the_cache_is_baseline_and_but_for_root_restricted(kubectl: Kubectl) -> None:
    """What the level "privileged" opens and the cache does not use."""
    plain = cache_pod()
    plain["spec"]["volumes"] = [
        {"name": volume["name"], "emptyDir": {}} if "hostPath" in volume else volume
        for volume in plain["spec"]["volumes"]
    ]
    kubectl.at(OPEN_TO_BASELINE).try_out([plain])
    with pytest.raises(Refused, match="violates PodSecurity") as refused:
        kubectl.at(MODELS).try_out([plain])
    (reasons,) = [line for line in str(refused.value).splitlines() if "violates PodSecurity" in line]
    assert "runAsNonRoot != true" in reasons
    assert "runAsUser=0" in reasons
    for other in ("capabilities", "seccomp", "allowPrivilegeEscalation", "volumes"):
        assert other not in reasons.replace("must not set", "")


def test_a_reader_that_named_the_directory_itself_would_be_refused(kubectl: Kubectl) -> None:
    """Why readers mount a claim."""
    reader = server_pod("node-cache")
    (store,) = (volume for volume in reader["spec"]["volumes"] if volume["name"] == "model-store")
    del store["persistentVolumeClaim"]
    store["hostPath"] = node_cache.host_path(MODELS)
    with pytest.raises(Refused, match=r"violates PodSecurity.*hostPath"):
        kubectl.try_out([reader])


def test_the_claim_of_the_cache_binds_and_its_reader_gets_a_node(kubectl: Kubectl) -> None:
    """Kept for a moment, because binding and scheduling only happen then: a real volume, claim and pod."""
    volume, claim = node_cache.render_volume(MODELS), node_cache.render_claim(MODELS)
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": "api-cached",
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": dict(ON_CPU.nodes.node_selector),
        },
    }
    try:
        made = (node, volume, claim, config_map(MODELS), kubectl.moved(server_pod("node-cache")))
        for manifest in made:
            kubectl.run("create", "--validate=strict", "-f", "-", document=manifest)
        kubectl.run(
            "wait", "--for=jsonpath={.status.phase}=Bound", f"pvc/{node_cache.CLAIM}", "-n", MODELS, "--timeout=30s"
        )
        kubectl.run("wait", "--for=condition=Ready", "pod/qwen-x2x4z", "-n", MODELS, "--timeout=60s")
        bound = json.loads(kubectl.run("get", f"pvc/{node_cache.CLAIM}", "-n", MODELS, "-o", "json"))
        assert bound["spec"]["volumeName"] == volume["metadata"]["name"]
    finally:
        for kind, name in (("pod", "qwen-x2x4z"), ("pvc", node_cache.CLAIM)):
            kubectl.run("delete", kind, name, "-n", MODELS, "--ignore-not-found", "--wait=false", "--grace-period=1")
        for kind, name in (("pv", volume["metadata"]["name"]), ("node", "api-cached")):
            kubectl.run("delete", kind, name, "--ignore-not-found", "--wait=false")


RIGHTS = [
    ("get", "pods"), ("list", "secrets"), ("get", "secrets"), ("get", "configmaps"), ("create", "pods"),
    ("create", "pods/exec"), ("patch", "deployments.apps"), ("create", "jobs.batch"),
    ("delete", "persistentvolumeclaims"),
    ("update", "leases.coordination.k8s.io"), ("create", "serviceaccounts/token"), ("get", "nodes"),
    ("impersonate", "users"), ("*", "*"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "resource"), RIGHTS, ids=lambda value: value.replace("*", "any"))
def test_the_accounts_of_loaders_may_do_nothing(kubectl: Kubectl, verb: str, resource: str) -> None:
    reviews: list[Manifest] = []
    for namespace, account in ((MODELS, "model-server"), (CACHES, node_cache_pods.ACCOUNT)):
        user = f"system:serviceaccount:{namespace}:{account}"
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
        asked = attributes(verb, resource, namespace)
        spec = {"user": user, "groups": groups, "resourceAttributes": asked}
        reviews.append({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec})

    assert [answer["status"]["allowed"] for answer in kubectl.create(reviews)] == [False, False]


def test_an_administrator_may_so_the_question_is_understood(kubectl: Kubectl) -> None:
    review: Manifest = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": "somebody",
            "groups": ["system:masters"],
            "resourceAttributes": attributes("list", "secrets", MODELS),
        },
    }
    answer = json.loads(kubectl.run("create", "-o", "json", "-f", "-", document=review))
    assert answer["status"]["allowed"] is True


def test_no_pod_of_a_loader_gets_a_token(kubectl: Kubectl) -> None:
    """The admission plugin adds a volume of its own where a token is mounted."""
    pods = [*(server_pod(how) for how in LOADED), *job_pods().values(), cache_pod()]
    admitted = [*kubectl.kept(pods[:-1]), *kubectl.at(CACHES).kept(pods[-1:])]
    for manifest, kept in zip(pods, admitted, strict=True):
        assert not [volume for volume in kept["spec"]["volumes"] if "projected" in volume]
        assert len(kept["spec"]["volumes"]) == len(manifest["spec"]["volumes"])


def attributes(verb: str, resource: str, namespace: str) -> Manifest:
    """Return the attributes of a review: ``plural[.group][/subresource]``."""
    whole, _, subresource = resource.partition("/")
    plural, _, group = whole.partition(".")
    if resource == "*":
        group = "*"
    asked = {"namespace": namespace, "verb": verb, "group": group, "resource": plural, "subresource": subresource}
    return {key: value for key, value in asked.items() if value}
