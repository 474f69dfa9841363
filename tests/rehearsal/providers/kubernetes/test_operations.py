"""Operations on a real API server that the recordings do not show."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import UNKNOWN, Secret, Tree, decode, encode
from rehearsal.providers.kubernetes.provider import KubernetesProvider
from rehearsal.providers.serve import InitFailedError, Message, ProviderError
from tests.rehearsal.providers.kubernetes.replay import SilentLog

if TYPE_CHECKING:
    from rehearsal.cluster import Cluster
    from rehearsal.providers.kubernetes.cluster import Cluster as Api

pytestmark = pytest.mark.engine
NAMESPACE = "operations"


class Program:
    """What the engine does for one program."""

    def __init__(self, kubeconfig: str) -> None:
        self.log = SilentLog()
        self.provider = KubernetesProvider(self.log)
        self.provider.configure(provider_pb2.ConfigureRequest(args=encode({"kubeconfig": kubeconfig})))

    def check(self, type_: str, inputs: Tree) -> Message:
        """Check a new resource and return its inputs."""
        request = provider_pb2.CheckRequest(
            urn=f"urn:pulumi:s::p::{type_}::r", name="r", type=type_, news=encode(inputs), randomSeed=b"seed"
        )
        return self.provider.check(request).inputs

    def create(self, type_: str, inputs: Tree, *, preview: bool = False, timeout: float = 20) -> Message:
        """Check and create a resource."""
        request = provider_pb2.CreateRequest(
            urn=f"urn:pulumi:s::p::{type_}::r",
            type=type_,
            properties=self.check(type_, inputs),
            preview=preview,
            timeout=timeout,
        )
        return self.provider.create(request)

    def delete(self, type_: str, made: Message, timeout: float = 20) -> None:
        """Delete a resource."""
        request = provider_pb2.DeleteRequest(
            id=made.id, urn=f"urn:pulumi:s::p::{type_}::r", type=type_, properties=made.properties, timeout=timeout
        )
        self.provider.delete(request)


@pytest.fixture
def program(bare_cluster: Cluster, api: Api) -> Program:
    """A program on the bare cluster, with a namespace."""
    made = Program(bare_cluster.kubeconfig)
    namespaces = {item["metadata"]["name"] for item in api.transport.request("GET", "/api/v1/namespaces")["items"]}
    if NAMESPACE not in namespaces:
        made.create("kubernetes:core/v1:Namespace", {"metadata": {"name": NAMESPACE}})
    return made


def pod_of(name: str, **container: object) -> Tree:
    """A Deployment of one pod."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i", **container}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVICE = "kubernetes:core/v1:Service"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
TOO_BIG = {"resources": {"limits": {"nvidia.com/gpu": "9999"}}}


def test_a_first_preview_is_checked_before_the_namespace_exists(program: Program) -> None:
    good: Tree = {"metadata": {"name": "s", "namespace": "not-yet"}, "spec": {"ports": [{"port": 80}]}}
    shown = program.create(SERVICE, good, preview=True)

    assert decode(shown.properties)["metadata"] == {"name": "s", "namespace": "not-yet"}
    with pytest.raises(ProviderError, match="must be between 1 and 65535"):
        program.create(SERVICE, {**good, "spec": {"ports": [{"port": 99999}]}}, preview=True)
    with pytest.raises(ProviderError, match=r'unknown field "spec.portz"'):
        program.create(SERVICE, {**good, "spec": {"portz": []}}, preview=True)


def test_a_preview_with_values_not_known_yet_shows_the_inputs(program: Program) -> None:
    shown = program.create(CONFIG_MAP, {"metadata": {"name": "c"}, "data": {"a": UNKNOWN}}, preview=True)

    assert decode(shown.properties)["data"] == {"a": UNKNOWN}


def test_the_namespace_of_the_kubeconfig_is_filled_in_where_there_is_one(program: Program) -> None:
    assert decode(program.check(CONFIG_MAP, {"metadata": {"name": "c"}}))["metadata"]["namespace"] == "default"
    assert decode(program.check("kubernetes:core/v1:Namespace", {}))["metadata"].keys() == {"name", "annotations"}


def test_a_custom_resource_follows_its_definition_at_once(program: Program) -> None:
    schema = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {"group": "operations.test", "names": names, "scope": "Cluster", "versions": [version]}
    definition: Tree = {"metadata": {"name": "widgets.operations.test"}, "spec": spec}
    widget = "kubernetes:operations.test/v1:Widget"
    program.check("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", definition)
    # The garbage collector learns of a new kind after up to 30 s; a foreground deletion would wait for it.
    metadata = {"name": "w", "annotations": {"pulumi.com/deletionPropagationPolicy": "background"}}
    shown = program.create(widget, {"metadata": metadata, "spec": {"a": 1}}, preview=True)
    made = program.create("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", definition)
    one = program.create(widget, {"metadata": metadata, "spec": {"a": 1}})

    assert decode(shown.properties)["spec"] == {"a": 1}
    assert one.id == "w"
    kept = decode(made.properties)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert kept["x_kubernetes_preserve_unknown_fields"] is True
    program.delete(widget, one)
    program.delete("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", made)


def test_a_secret_stays_secret_in_inputs_and_outputs(program: Program) -> None:
    made = program.create(
        "kubernetes:core/v1:Secret",
        {"metadata": {"name": "s", "namespace": NAMESPACE}, "stringData": {"a": "hunter2"}},
    )
    state = decode(made.properties)

    assert state["data"] == state["__inputs"]["data"] == Secret({"a": "aHVudGVyMg=="})
    program.delete("kubernetes:core/v1:Secret", made)


def test_a_claim_that_binds_at_first_use_is_ready_while_pending(program: Program, api: Api) -> None:
    late: Tree = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "late"}}
    api.create({**late, "provisioner": "x.test/y", "volumeBindingMode": "WaitForFirstConsumer"}, dry_run=False)
    spec = {"storageClassName": "late", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = "kubernetes:core/v1:PersistentVolumeClaim"
    made = program.create(claim, {"metadata": {"name": "late", "namespace": NAMESPACE}, "spec": spec})

    assert decode(made.properties)["status"]["phase"] == "Pending"
    program.delete(claim, made)


def test_an_import_reads_inputs_without_what_the_server_adds(program: Program, api: Api) -> None:
    inputs: Tree = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "old", "namespace": NAMESPACE}}
    api.create({**inputs, "data": {"a": "b"}}, dry_run=False)
    request = provider_pb2.ReadRequest(id=f"{NAMESPACE}/old", urn=f"urn:pulumi:s::p::{CONFIG_MAP}::r", type=CONFIG_MAP)

    assert decode(program.provider.read(request).inputs) == {**inputs, "data": {"a": "b"}}


def test_a_wait_that_fails_tells_why_its_pods_do_not_run(program: Program) -> None:
    with pytest.raises(InitFailedError) as raised:
        program.create(DEPLOYMENT, pod_of("stuck", **TOO_BIG), timeout=6)

    assert raised.value.identity == f"{NAMESPACE}/stuck"
    assert "'stuck' timed out waiting to be Ready" in raised.value.reasons[0]
    assert any("Insufficient nvidia.com/gpu" in reason for reason in raised.value.reasons)


def test_cancel_ends_a_wait_and_keeps_the_object_in_state(program: Program) -> None:
    threading.Timer(0.5, program.provider.cancel, (empty_pb2.Empty(),)).start()
    started = time.monotonic()
    with pytest.raises(InitFailedError, match="was cancelled for 'cancelled'"):
        program.create(DEPLOYMENT, pod_of("cancelled", **TOO_BIG), timeout=60)

    assert time.monotonic() - started < 30


def test_a_deletion_that_is_held_names_the_finalizer(program: Program, api: Api) -> None:
    inputs: Tree = {"metadata": {"name": "held", "namespace": NAMESPACE, "finalizers": ["operations.test/hold"]}}
    made = program.create(CONFIG_MAP, inputs)
    with pytest.raises(InitFailedError) as raised:
        program.delete(CONFIG_MAP, made, timeout=0.5)
    api.json_patch(decode(made.properties), [{"op": "remove", "path": "/metadata/finalizers"}])

    assert raised.value.reasons[1] == "finalizers still there: operations.test/hold"


def test_an_annotation_leaves_what_the_object_owns(program: Program, api: Api) -> None:
    inputs = pod_of("orphaned")
    inputs["metadata"]["annotations"] = {"pulumi.com/deletionPropagationPolicy": "orphan"}
    made = program.create(DEPLOYMENT, inputs)
    program.delete(DEPLOYMENT, made)
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/replicasets"
    left = api.transport.request("GET", path, {"labelSelector": "app=orphaned"})["items"]

    assert len(left) == 1


def test_without_a_cluster_previews_go_on_and_updates_tell_the_address(bare_cluster: Cluster) -> None:
    lost = Program(bare_cluster.kubeconfig.replace(bare_cluster.server, "https://127.0.0.1:1"))
    shown = lost.create(CONFIG_MAP, {"metadata": {"name": "c"}}, preview=True)

    assert decode(shown.properties)["metadata"]["name"] == "c"
    assert [text for text in lost.log.shown if "unreachable: https://127.0.0.1:1" in text]
    with pytest.raises(ProviderError, match=r"unreachable: https://127\.0\.0\.1:1.*check the address"):
        lost.create(CONFIG_MAP, {"metadata": {"name": "c"}})


@pytest.mark.parametrize(
    ("type_", "told"),
    [
        ("kubernetes:helm.sh/v3:Release", "does not support kubernetes:helm.sh/v3:Release"),
        ("kubernetes:core/v1:ConfigMapPatch", "does not support ConfigMapPatch; use ConfigMap"),
        ("kubernetes:core/v1:ConfigMapList", "a list cannot be created"),
    ],
)
def test_types_that_are_no_objects_are_refused(program: Program, type_: str, told: str) -> None:
    with pytest.raises(ProviderError, match=told):
        program.check(type_, {})
