"""What the components of the loaders register, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest

from components.loaders.node_cache_component import Credentials, NodeCache, NodeCacheArgs
from components.loaders.objects_component import LoaderObjects, LoaderObjectsArgs
from components.objects import KubernetesObject
from tests.components.loader_samples import CACHE, transports
from tests.mocks import Recorded, Secret, deploy

if TYPE_CHECKING:
    from tests.recorded import Resource

JOB, CRON_JOB, POLICY = (
    "kubernetes:batch/v1:Job",
    "kubernetes:batch/v1:CronJob",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
)


def namespace() -> KubernetesObject:
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models"}}
    return KubernetesObject("models", manifest, pulumi.ResourceOptions())


def objects_of(how: str) -> Recorded:
    def program() -> None:
        LoaderObjects("qwen", LoaderObjectsArgs(objects=transports()[how].objects, after=(namespace(),)))

    return deploy(program)


def cache_of(*, private: bool) -> Recorded:
    def program() -> None:
        own = Credentials(
            name="registry",
            server="registry.example.com",
            username=pulumi.Output.secret("robot"),
            password=pulumi.Output.secret("not a real password"),
        )
        args = NodeCacheArgs(
            namespace="models",
            pools=(CACHE,),
            kubernetes_version=(1, 34),
            credentials=own if private else None,
            secrets={},
            cidrs=(),
            monitoring_namespace="monitoring",
            after=(namespace(),),
        )
        NodeCache("node-cache", args)

    return deploy(program)


def test_the_job_comes_after_its_way_out_and_is_given_the_time_it_gives_itself() -> None:
    recorded = objects_of("preload")
    job = recorded.one(JOB)
    assert recorded.one(POLICY).urn in job.dependencies
    own_seconds = job.inputs["spec"]["activeDeadlineSeconds"]
    assert job.options["deleteBeforeReplace"] is True
    assert job.options["customTimeouts"] == dict.fromkeys(("create", "update"), f"{own_seconds + 120}s")


def test_the_first_look_comes_last_so_that_pods_come_after_it() -> None:
    recorded = objects_of("sync")
    assert recorded.one(CRON_JOB).urn in recorded.one(JOB).dependencies


def inside(recorded: Recorded, name: str) -> list[Resource]:
    return [resource for resource in recorded.resources if resource.inputs.get("metadata", {}).get("namespace") == name]


def test_the_cache_has_a_closed_namespace_of_its_own_at_the_level_it_needs() -> None:
    recorded = cache_of(private=True)
    own = recorded.one("kubernetes:core/v1:Namespace", "models-node-cache")
    assert own.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    kinds = sorted(f"{made.inputs['kind']}/{made.name}" for made in inside(recorded, "models-node-cache"))
    assert kinds == [
        "ConfigMap/loader-agent",
        "ConfigMap/node-cache-l20",
        "DaemonSet/node-cache-l20",
        "NetworkPolicy/allow-dns",
        "NetworkPolicy/default-deny",
        "NetworkPolicy/node-cache-l20",
        "Secret/registry",
        "ServiceAccount/node-cache",
    ]
    first = [made for made in inside(recorded, "models-node-cache") if made.inputs["kind"] != "DaemonSet"]
    assert all(own.urn in made.dependencies for made in first)


def test_the_caches_pods_come_after_all_they_need() -> None:
    recorded = cache_of(private=True)
    daemon_set = recorded.one("kubernetes:apps/v1:DaemonSet")
    others = [made.urn for made in inside(recorded, "models-node-cache") if made.urn != daemon_set.urn]
    assert set(others) <= set(daemon_set.dependencies)


def test_readers_claim_goes_before_the_cache_does() -> None:
    recorded = cache_of(private=False)
    claim = recorded.one("kubernetes:core/v1:PersistentVolumeClaim")
    volume, daemon_set = (
        recorded.one(f"kubernetes:{kind}") for kind in ("core/v1:PersistentVolume", "apps/v1:DaemonSet")
    )
    assert {volume.urn, daemon_set.urn} <= set(claim.dependencies)
    assert claim.inputs["metadata"]["namespace"] == "models"


@pytest.mark.parametrize("private", [True, False])
def test_credentials_are_copied_as_a_secret_where_there_are_any(*, private: bool) -> None:
    recorded = cache_of(private=private)
    secrets = [made for made in recorded.resources if made.inputs.get("kind") == "Secret"]
    assert len(secrets) == int(private)
    assert all(isinstance(made.inputs["data"][".dockerconfigjson"], Secret) for made in secrets)
