"""The init container, its volumes and what it may reach."""

import pytest

from components.loaders import dispatch
from components.loaders.agent.arguments import ModelArguments, parse_arguments
from components.loaders.agent.plan import store_key
from components.loaders.agent.reference import parse_pinned
from components.loaders.code import config_map
from components.loaders.contract import NOTHING_LOADED, Loaded
from components.objects import Manifest
from stacks.spec.loader import InitLoader
from stacks.spec.source import ModelKitSource, OciSource, Source
from tests.components.model_samples import ARTIFACT, DIGEST, KIT, load, place


def container(loaded: Loaded) -> Manifest:
    assert len(loaded.init_containers) == 1
    return loaded.init_containers[0]


def volume(loaded: Loaded, name: str) -> Manifest:
    (found,) = (entry for entry in loaded.volumes if entry["name"] == name)
    return found


def test_nothing_is_loaded_where_the_image_brings_the_model() -> None:
    assert load(None) is NOTHING_LOADED


def test_a_modelkit_is_loaded_by_digest_into_a_volume_of_the_pod() -> None:
    loaded = load(KIT)
    assert container(loaded)["command"] == ["python3", "-m", "agent"]
    assert container(loaded)["args"] == [
        *("once", "--source", "modelkit"),
        *("--reference", f"registry.example.com/models/qwen3@{DIGEST}"),
        *("--filter", "model", "--filter", "docs"),
        *("--registry-config", "/run/slipway/registry/config.json"),
        *("--into", "/models", "--deadline-seconds", "3600"),
    ]
    assert loaded.server_mounts == ({"name": "model-store", "mountPath": "/models", "readOnly": True},)


def test_a_plain_artifact_from_a_registry_without_tls_or_credentials() -> None:
    loaded = load(ARTIFACT, place(secret=None))
    assert container(loaded)["args"] == [
        *("once", "--source", "oci", "--reference", ARTIFACT.reference, "--plain-http"),
        *("--into", "/models", "--deadline-seconds", "3600"),
    ]
    assert [entry["name"] for entry in loaded.volumes] == ["model-store", "loader-agent"]


def test_the_pods_own_volume_has_room_for_the_model_and_the_node_too() -> None:
    loaded = load(KIT)
    room = f"{int(16 * 1024 * 1.1) + 1 + 1024}Mi"
    assert volume(loaded, "model-store") == {"name": "model-store", "emptyDir": {"sizeLimit": room}}
    assert container(loaded)["resources"]["requests"]["ephemeral-storage"] == room
    assert "ephemeral-storage" not in container(loaded)["resources"]["limits"]


def test_on_the_shared_volume_each_model_has_its_directory() -> None:
    loaded = load(KIT, place(claim="weights"))
    assert volume(loaded, "model-store") == {
        "name": "model-store",
        "persistentVolumeClaim": {"claimName": "weights"},
    }
    args: list[str] = container(loaded)["args"]
    assert args[args.index("--into") + 1] == "/models-store/qwen"
    assert container(loaded)["volumeMounts"][0] == {"name": "model-store", "mountPath": "/models-store"}
    assert loaded.server_mounts == (
        {"name": "model-store", "mountPath": "/models", "readOnly": True, "subPath": "qwen"},
    )
    assert "ephemeral-storage" not in container(loaded)["resources"]["requests"]


def test_into_pod_leaves_the_shared_volume_alone() -> None:
    loaded = load(KIT, place(claim="weights"), InitLoader(type="init", into="pod"))
    assert "emptyDir" in volume(loaded, "model-store")


def test_into_storage_without_storage_names_both_ways_out() -> None:
    with pytest.raises(ValueError, match=r'model "qwen": .*`storage.models`; add one, or set loader.into to "pod"'):
        load(KIT, place(), InitLoader(type="init", into="storage"))


def test_credentials_are_a_file_only_the_pod_can_read() -> None:
    loaded = load(KIT, place(secret="pull"))  # noqa: S106 - the name of a Secret
    assert volume(loaded, "registry-config")["secret"] == {
        "secretName": "pull",
        "items": [{"key": ".dockerconfigjson", "path": "config.json"}],
        "defaultMode": 0o440,
    }
    mount = next(entry for entry in container(loaded)["volumeMounts"] if entry["name"] == "registry-config")
    assert mount == {"name": "registry-config", "mountPath": "/run/slipway/registry", "readOnly": True}


@pytest.mark.parametrize("source", [KIT, ARTIFACT], ids=lambda source: source.type)
def test_the_server_reads_the_version_the_agent_makes_and_no_other(source: Source) -> None:
    """The agent's own reading of the arguments says which directory it makes."""
    arguments = parse_arguments(container(load(source))["args"])
    assert isinstance(arguments, ModelArguments)
    digest = parse_pinned(arguments.source.reference).digest
    made = arguments.load.into / ".store" / store_key(digest, arguments.source.filters)
    assert dispatch.model_path(None, source) == str(made)
    assert dispatch.model_path(None, None) == ""


def test_a_huge_model_gets_more_than_an_hour() -> None:
    source = ModelKitSource.model_validate({"type": "modelkit", "reference": KIT.reference, "sizeGib": 700})
    arguments = parse_arguments(container(load(source))["args"])
    assert isinstance(arguments, ModelArguments)
    assert arguments.load.deadline_seconds == 35_840


def test_a_new_digest_rolls_the_pods() -> None:
    assert load(KIT).annotations == {
        "slipway.dev/model-digest": DIGEST,
        "slipway.dev/model-source": KIT.reference,
    }


@pytest.mark.parametrize(
    ("host", "plain_http", "port"),
    [("registry.example.com", False, 443), ("registry.example.com", True, 80), ("10.0.0.7:5000", True, 5000)],
)
def test_the_network_is_opened_for_the_registry_only(host: str, port: int, *, plain_http: bool) -> None:
    source = OciSource.model_validate(
        {"type": "oci", "reference": f"{host}/a/b@{DIGEST}", "sizeGib": 1, "plainHttp": plain_http}
    )
    assert load(source).egress_ports == (port,)


def test_the_container_is_locked_down_and_runs_as_the_servers_user() -> None:
    own = container(load(KIT, place(user=1234)))
    assert own["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsUser": 1234,
    }
    assert own["image"] == "docker.io/library/python:3.14-slim"


def test_every_mount_has_its_volume() -> None:
    for where in (place(), place(claim="weights"), place(secret=None)):
        loaded = load(KIT, where)
        names = [entry["name"] for entry in loaded.volumes]
        mounts = [*container(loaded)["volumeMounts"], *loaded.server_mounts]
        assert {entry["name"] for entry in mounts} == set(names)
        assert len(names) == len(set(names))


def test_the_code_comes_from_the_config_map_of_the_namespace() -> None:
    loaded = load(KIT)
    agent = config_map("models")
    assert volume(loaded, "loader-agent")["configMap"]["name"] == agent["metadata"]["name"]
    mount = next(entry for entry in container(loaded)["volumeMounts"] if entry["name"] == "loader-agent")
    env = {entry["name"]: entry["value"] for entry in container(loaded)["env"]}
    assert mount["mountPath"] == f"{env['PYTHONPATH']}/agent"
