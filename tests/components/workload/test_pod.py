"""The pod template: what the level "restricted" asks for, resources, volumes and how a pod stops."""

from dataclasses import replace
from itertools import product

import pytest

from components.loaders.contract import NOTHING_LOADED, Loaded
from components.names import selector
from components.objects import Manifest
from components.runtimes.contract import Server
from components.workload import pod
from components.workload.pod import PodPlacement
from stacks.spec.loader import InitLoader
from tests.components.model_samples import ARTIFACT, HTTP, KIT, ON_CARDS, ON_CPU, VLLM, load, place, serve


def render(
    server: Server | None = None,
    loaded: Loaded | None = None,
    placement: PodPlacement = ON_CARDS,
    version: tuple[int, int] = (1, 34),
) -> Manifest:
    """Return the template of vLLM on two cards with a loaded ModelKit, unless a part is given."""
    return pod.render(
        server or serve(accelerators=2), loaded or load(), placement, name="qwen", kubernetes_version=version
    )


SHARED = load(KIT, place(claim="weights"), InitLoader(type="init", into="storage"))
LOADED = {"image": NOTHING_LOADED, "pod": load(KIT), "storage": SHARED, "plain": load(ARTIFACT, place(secret=None))}
TEMPLATES = [
    pytest.param(
        render(serve(spec, accelerators=where.nodes.accelerators), loaded, where), id=f"{spec.type}-{where.cpu}-{how}"
    )
    for spec, (how, loaded), where in product((HTTP, VLLM), LOADED.items(), (ON_CARDS, ON_CPU))
]


def server_of(template: Manifest) -> Manifest:
    (own,) = template["spec"]["containers"]
    return own


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_pod_passes_the_restricted_level(template: Manifest) -> None:
    spec = template["spec"]
    own = spec["securityContext"]
    assert own["runAsNonRoot"] is True
    assert own["runAsUser"] > 0
    assert own["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in (*spec["containers"], *spec.get("initContainers", [])):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context.get("runAsUser", 1) > 0
        assert "privileged" not in context
    allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}
    assert all(set(volume) - {"name"} <= allowed for volume in spec["volumes"])
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mount_has_one_volume_and_every_volume_a_mount(template: Manifest) -> None:
    spec = template["spec"]
    names = [volume["name"] for volume in spec["volumes"]]
    mounted = {
        mount["name"]
        for container in (*spec["containers"], *spec.get("initContainers", []))
        for mount in container["volumeMounts"]
    }
    assert len(names) == len(set(names))
    assert mounted == set(names)
    assert all(len(name) <= 63 for name in names)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_probe_names_a_port_of_the_container(template: Manifest) -> None:
    own = server_of(template)
    ports = {port["name"] for port in own["ports"]}
    assert {own[probe]["httpGet"]["port"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")} <= ports


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_empty_is_sent(template: Manifest) -> None:
    """The API server drops empty lists and maps; after a refresh they would look like a change."""
    spec = template["spec"]
    for part in (spec, *spec["containers"], *spec.get("initContainers", [])):
        assert [key for key, value in part.items() if value in ([], {})] == []


def test_the_pod_carries_the_labels_it_is_selected_by() -> None:
    template = render()
    assert selector("qwen").items() <= template["metadata"]["labels"].items()
    (spread,) = template["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"] == {"matchLabels": selector("qwen")}
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")


def test_no_token_no_service_variables_and_the_pools_nodes() -> None:
    spec = render()["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["serviceAccountName"] == "models"
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["nodeSelector"] == {"slipway.dev/node-pool": "l20"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_users_and_groups() -> None:
    assert render()["spec"]["securityContext"] == {
        "fsGroup": 10001,
        "fsGroupChangePolicy": "OnRootMismatch",
        "runAsGroup": 0,
        "runAsNonRoot": True,
        "runAsUser": 2000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert render(server=serve(HTTP), placement=ON_CPU)["spec"]["securityContext"]["runAsGroup"] == 65532


def test_all_models_share_the_group_of_the_volumes() -> None:
    groups = {
        render(server=serve(spec), placement=ON_CPU)["spec"]["securityContext"]["fsGroup"] for spec in (HTTP, VLLM)
    }
    assert len(groups) == 1


def test_cards_and_memory_are_asked_for_in_full() -> None:
    assert server_of(render())["resources"] == {
        "requests": {"cpu": "2500m", "memory": "32Gi", "nvidia.com/gpu": "2"},
        "limits": {"memory": "32Gi", "nvidia.com/gpu": "2"},
    }


def test_without_cards_none_are_named() -> None:
    own = server_of(render(server=serve(HTTP, accelerators=0), placement=ON_CPU))
    assert own["resources"] == {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"memory": "2Gi"}}


@pytest.mark.parametrize(("memory_gib", "size"), [(32, "8Gi"), (8, "4Gi"), (1, "512Mi")])
def test_shared_memory_never_takes_more_than_half_of_the_limit(memory_gib: float, size: str) -> None:
    spec = render(placement=replace(ON_CARDS, memory_gib=memory_gib))["spec"]
    (shm,) = (volume for volume in spec["volumes"] if volume["name"] == "shm")
    assert shm["emptyDir"] == {"medium": "Memory", "sizeLimit": size}


def test_shared_memory_stays_as_it_is_for_servers_that_need_none() -> None:
    spec = render(server=serve(HTTP), placement=ON_CPU)["spec"]
    assert "shm" not in {volume["name"] for volume in spec["volumes"]}


@pytest.mark.parametrize(
    ("version", "hook"),
    [
        ((1, 34), {"sleep": {"seconds": 15}}),
        ((1, 30), {"sleep": {"seconds": 15}}),
        ((1, 29), {"exec": {"command": ["sleep", "15"]}}),
    ],
)
def test_a_leaving_pod_waits_until_it_is_forgotten(version: tuple[int, int], hook: Manifest) -> None:
    template = render(version=version)
    assert server_of(template)["lifecycle"] == {"preStop": hook}
    assert template["spec"]["terminationGracePeriodSeconds"] == 60


def test_the_start_up_budget_is_in_the_probe() -> None:
    assert server_of(render())["startupProbe"] == {
        "failureThreshold": 61,
        "httpGet": {"path": "/health", "port": "http"},
        "periodSeconds": 10,
        "timeoutSeconds": 2,
    }


def test_an_own_command_replaces_the_images() -> None:
    server = replace(serve(HTTP), command=("python", "-m", "app"))
    assert server_of(render(server=server, placement=ON_CPU))["command"] == ["python", "-m", "app"]
    assert "command" not in server_of(render())


def test_the_environment_is_sorted() -> None:
    names = [entry["name"] for entry in server_of(render())["env"]]
    assert names == sorted(names)
    assert "HF_HUB_OFFLINE" in names


def test_the_cluster_autoscaler_may_remove_a_node_with_every_local_volume_of_the_pod() -> None:
    template = render()
    listed = template["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"]
    local = {
        volume["name"]
        for volume in template["spec"]["volumes"]
        if "emptyDir" in volume and volume["emptyDir"].get("medium") != "Memory"
    }
    assert set(listed.split(",")) == local == {"model-store", "writable-home-vllm", "writable-tmp"}
