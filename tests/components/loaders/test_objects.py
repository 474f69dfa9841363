"""Preload Job, sync CronJob and the gate: what is made, and what each choice guards against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from components.loaders import jobs
from components.loaders.agent import errors
from components.loaders.agent.plan import store_key
from components.loaders.code import config_map
from components.names import selector
from stacks.spec.loader import PreloadLoader, SyncLoader
from stacks.spec.source import ModelKitSource, OciSource
from tests.components.loader_samples import PRELOAD, SYNC, of_kind
from tests.components.model_samples import DIGEST, KIT, load, place

if TYPE_CHECKING:
    from components.loaders.contract import Loaded
    from components.objects import Manifest

OTHER = "sha256:" + "cd" * 32
SHARED = place(claim="weights")


def preload(source: ModelKitSource | OciSource = KIT, image: str | None = None) -> Loaded:
    loader = PRELOAD if image is None else PreloadLoader(type="preload", image=image)
    return load(source, SHARED, loader)


def sync(source: ModelKitSource | OciSource = KIT) -> Loaded:
    return load(source, SHARED, SYNC)


def loading(job_spec: Manifest) -> Manifest:
    (container,) = job_spec["template"]["spec"]["containers"]
    return container


def kit(**keys: object) -> ModelKitSource:
    return ModelKitSource.model_validate({"type": "modelkit", "reference": KIT.reference, "sizeGib": 16, **keys})


def test_the_job_loads_the_pinned_version_into_the_models_directory() -> None:
    container = loading(of_kind(preload(), "Job")["spec"])
    assert container["args"] == [
        *("preload", "--source", "modelkit"),
        *("--reference", f"registry.example.com/models/qwen3@{DIGEST}"),
        *("--filter", "model", "--filter", "docs"),
        *("--registry-config", "/run/slipway/registry/config.json"),
        *("--into", "/models-store/qwen", "--deadline-seconds", "3600"),
    ]
    assert container["volumeMounts"][0] == {"name": "model-store", "mountPath": "/models-store"}


def test_a_new_version_new_code_or_a_new_image_is_a_new_job_and_nothing_else_is() -> None:
    name = of_kind(preload(), "Job")["metadata"]["name"]
    moved = kit(reference=KIT.reference.replace(DIGEST, OTHER), filter=("model", "docs"))

    assert of_kind(preload(), "Job")["metadata"]["name"] == name
    assert of_kind(preload(moved), "Job")["metadata"]["name"] != name
    assert of_kind(preload(image="registry.example.com/python:3.12"), "Job")["metadata"]["name"] != name
    assert config_map("models")["metadata"]["name"] in str(of_kind(preload(), "Job")["spec"]), "code is in the name"
    assert name.startswith("qwen-preload-")


def test_a_finished_job_stays_and_a_failed_one_is_replaced() -> None:
    job = of_kind(preload(), "Job")
    assert "ttlSecondsAfterFinished" not in job["spec"]
    assert job["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}


def test_what_no_second_attempt_can_cure_fails_the_job_and_an_eviction_costs_none() -> None:
    spec = of_kind(preload(), "Job")["spec"]
    hopeless, disrupted = spec["podFailurePolicy"]["rules"]
    assert hopeless["action"] == "FailJob"
    assert hopeless["onExitCodes"] == {
        "containerName": loading(spec)["name"],
        "operator": "In",
        "values": [2, 5, 7, 12, 13],
    }
    assert disrupted["action"] == "Ignore"
    assert spec["template"]["spec"]["restartPolicy"] == "Never", "a pod failure policy needs it"
    retriable = {error.exit_code for error in (errors.NetworkError, errors.AuthError, errors.DiskError)}
    assert not retriable & set(hopeless["onExitCodes"]["values"])


def test_a_large_model_gets_the_time_it_needs_and_the_job_outlasts_the_agent() -> None:
    small, large = (of_kind(preload(kit(sizeGib=size)), "Job")["spec"] for size in (1, 700))
    assert small["activeDeadlineSeconds"] == 3600 + 600
    assert loading(large)["args"][-1] == "35840"
    assert large["activeDeadlineSeconds"] == 35_840 + 600


def test_pods_wait_for_their_version_and_can_neither_load_nor_write() -> None:
    loaded = preload()
    (gate,) = loaded.init_containers
    assert gate["args"] == [
        *("wait", "--into", "/models-store/qwen", "--key", store_key(DIGEST, ("model", "docs"))),
        *("--deadline-seconds", "3600"),
    ]
    assert {mount["name"]: mount["readOnly"] for mount in gate["volumeMounts"]} == {
        "model-store": True,
        "loader-agent": True,
    }
    assert [volume["name"] for volume in loaded.volumes] == ["model-store", "loader-agent"], "no credentials"
    assert loaded.egress_ports == ()
    assert loaded.server_mounts == (
        {"name": "model-store", "mountPath": "/models", "readOnly": True, "subPath": "qwen"},
    )


def test_the_gate_sees_the_whole_volume_because_the_directory_may_be_missing() -> None:
    (gate,) = preload().init_containers
    assert "subPath" not in gate["volumeMounts"][0]


@pytest.mark.parametrize("loader", [PRELOAD, SYNC], ids=lambda loader: loader.type)
def test_only_loading_pods_may_reach_the_registry_and_nobody_may_reach_them(loader: PreloadLoader | SyncLoader) -> None:
    tagged = {"type": "oci", "reference": f"registry.models.svc:5000/models/qwen3:2@{DIGEST}", "sizeGib": 1}
    loaded = load(OciSource.model_validate(tagged), SHARED, loader)
    policy = of_kind(loaded, "NetworkPolicy")
    labels = of_kind(loaded, "Job")["spec"]["template"]["metadata"]["labels"]
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy["spec"]
    (rule,) = policy["spec"]["egress"]
    assert rule["ports"] == [{"port": 5000, "protocol": "TCP"}]


def test_no_service_can_choose_a_loading_pod() -> None:
    """A model's name has no dot, so no selector of a model is among the labels, whatever models are called."""
    labels = of_kind(preload(), "Job")["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/name"] == "qwen.loader"
    for model in ("qwen", "qwen-loader", "qwen-preload"):
        assert not selector(model).items() <= labels.items()


def test_loading_pods_have_no_rights_and_run_on_the_models_nodes() -> None:
    pod = of_kind(preload(), "Job")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == SHARED.service_account
    assert pod["nodeSelector"] == {"slipway.dev/node-pool": "cpu"}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["imagePullSecrets"] == [{"name": "registry"}]


@pytest.mark.parametrize("loader", [PRELOAD, SYNC], ids=lambda loader: loader.type)
def test_without_shared_storage_the_message_says_so(loader: PreloadLoader | SyncLoader) -> None:
    with pytest.raises(ValueError, match=rf'"qwen": loader type "{loader.type}" loads into `storage.models`'):
        load(KIT, place(), loader)


def test_the_cron_job_follows_the_tag() -> None:
    cron = of_kind(sync(), "CronJob")["spec"]
    args = loading(cron["jobTemplate"]["spec"])["args"]
    assert args[0] == "sync"
    assert args[args.index("--reference") + 1] == "registry.example.com/models/qwen3:1.2.0"
    assert DIGEST not in str(args)


def test_two_looks_never_run_at_once_and_a_missed_one_is_left_to_the_next() -> None:
    cron = dict(of_kind(sync(), "CronJob")["spec"])
    del cron["jobTemplate"]
    assert cron == {
        "concurrencyPolicy": "Forbid",
        "failedJobsHistoryLimit": 3,
        "schedule": "*/30 * * * *",
        "startingDeadlineSeconds": 300,
        "successfulJobsHistoryLimit": 1,
        "suspend": False,
        "timeZone": "Etc/UTC",
    }


def test_the_first_look_is_the_same_as_every_other() -> None:
    assert of_kind(sync(), "Job")["spec"] == of_kind(sync(), "CronJob")["spec"]["jobTemplate"]["spec"]


def test_pods_of_a_synced_model_wait_for_any_version_and_are_not_rolled_by_one() -> None:
    loaded = sync()
    (gate,) = loaded.init_containers
    assert gate["args"][:5] == ["wait", "--into", "/models-store/qwen", "--link", "current"]
    assert loaded.annotations == {"slipway.dev/model-source": "registry.example.com/models/qwen3:1.2.0"}


def test_a_reference_without_a_tag_cannot_be_followed() -> None:
    bare = OciSource.model_validate({"type": "oci", "reference": f"registry:5000/a/b@{DIGEST}", "sizeGib": 1})
    with pytest.raises(ValueError, match=r"names no tag or branch to follow"):
        sync(bare)


def test_names_fit_for_the_longest_model() -> None:
    """A CronJob's name may have 52 characters, a Job's 63 (Kubernetes, "CronJob", "Jobs")."""
    longest = place(claim="weights", model="m" * 40)
    objects = [*load(KIT, longest, PRELOAD).objects, *load(KIT, longest, SYNC).objects]
    limits = {"CronJob": 52, "Job": 63, "NetworkPolicy": 63}
    assert all(len(manifest["metadata"]["name"]) <= limits[manifest["kind"]] for manifest in objects)
    assert len(jobs.loader_name("m" * 40)) <= 63
