"""The sidecar: its arguments, its store, its probes, and what it leaves alone in the pod."""

from argparse import ArgumentParser
from dataclasses import replace

import pytest

from components.loaders import dispatch
from components.loaders.agent.adapteroptions import adapter_problems, add_adapter_options
from components.loaders.agent.arguments import ModelArguments, parse_arguments
from components.loaders.contract import Loaded
from components.objects import Manifest
from components.workload import pod
from stacks.spec.loader import SidecarLoader
from stacks.spec.runtime import HttpReload, Reload, SelfReload, SignalReload
from stacks.spec.source import ModelKitSource
from tests.components.loader_samples import SIDECAR
from tests.components.model_samples import ARTIFACT, DIGEST, HTTP, KIT, ON_CPU, load, place, serve

BY_REQUEST = HttpReload.model_validate(
    {"type": "http", "path": "/reload", "method": "PUT", "status": 202, "confirmPath": "/version"}
)
BY_SIGNAL = SignalReload(type="signal", process="server", signal="USR1")
BY_ITSELF = SelfReload(type="self")


def follow(reload: Reload | None = BY_REQUEST, loader: SidecarLoader = SIDECAR, source: ModelKitSource = KIT) -> Loaded:
    return load(source, replace(place(), reload=reload), loader)


def container(loaded: Loaded) -> Manifest:
    (only,) = loaded.init_containers
    return only


def test_it_follows_the_tag_and_starts_with_the_digest() -> None:
    assert container(follow())["args"] == [
        *("watch", "--source", "modelkit", "--reference", f"registry.example.com/models/qwen3:1.2.0@{DIGEST}"),
        *("--filter", "model", "--filter", "docs"),
        *("--registry-config", "/run/slipway/registry/config.json"),
        *("--into", "/models", "--model", "qwen"),
        *("--listen", "0.0.0.0:9410", "--interval-seconds", "60"),
        *("--keep-previous", "1", "--keep-seconds", "0", "--deadline-seconds", "3600"),
        *("--adapter", "http", "--adapter-url", "http://127.0.0.1:8080/reload", "--adapter-method", "PUT"),
        *("--adapter-status", "202", "--adapter-confirm-url", "http://127.0.0.1:8080/version"),
    ]


@pytest.mark.parametrize(
    ("reload", "told"),
    [
        (BY_SIGNAL, ["--adapter", "signal", "--adapter-process", "server", "--adapter-signal", "USR1"]),
        (BY_ITSELF, ["--adapter", "none"]),
    ],
    ids=lambda value: value.type if isinstance(value, SignalReload | SelfReload) else "",
)
def test_other_ways_to_tell_the_server(reload: Reload, told: list[str]) -> None:
    assert container(follow(reload))["args"][-len(told) :] == told


def test_only_a_signal_needs_to_see_the_servers_process() -> None:
    shared = {reload.type: follow(reload).share_process_namespace for reload in (BY_REQUEST, BY_SIGNAL, BY_ITSELF)}

    assert shared == {"http": False, "signal": True, "self": False}


def test_a_signal_reaches_the_server_because_both_have_one_user() -> None:
    template = pod.render(
        replace(serve(HTTP), user=1234),
        load(KIT, replace(place(user=1234), reload=BY_SIGNAL), SIDECAR),
        ON_CPU,
        name="qwen",
        kubernetes_version=(1, 34),
    )

    assert template["spec"]["shareProcessNamespace"] is True
    assert template["spec"]["initContainers"][0]["securityContext"]["runAsUser"] == 1234
    assert template["spec"]["securityContext"]["runAsUser"] == 1234


def test_it_runs_on_and_the_server_waits_for_the_first_version() -> None:
    own = container(follow())

    assert own["restartPolicy"] == "Always"
    assert own["ports"] == [{"name": "loader-metrics", "containerPort": 9410, "protocol": "TCP"}]
    assert own["startupProbe"]["httpGet"] == {"path": "/readyz", "port": "loader-metrics"}
    assert own["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "loader-metrics"}
    assert "readinessProbe" not in own  # a loader in trouble must not take a pod that serves out of service


@pytest.mark.parametrize("size_gib", [1, 700])
def test_the_start_has_the_time_the_load_may_take(size_gib: float) -> None:
    own = container(follow(source=KIT.model_copy(update={"size_gib": size_gib})))
    deadline = int(own["args"][own["args"].index("--deadline-seconds") + 1])
    probe = own["startupProbe"]

    assert deadline <= probe["periodSeconds"] * probe["failureThreshold"] < deadline + probe["periodSeconds"]


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_the_volume_and_the_node_have_room_for_every_version(kept: int) -> None:
    loaded = follow(loader=SidecarLoader.model_validate({"type": "sidecar", "keepPrevious": kept}))
    (store,) = (volume for volume in loaded.volumes if volume["name"] == "model-store")
    room = f"{(2 + kept) * KIT.disk_mib}Mi"

    assert store["emptyDir"] == {"sizeLimit": room}
    assert container(loaded)["resources"]["requests"]["ephemeral-storage"] == room
    assert container(loaded)["args"][container(loaded)["args"].index("--keep-previous") + 1] == str(kept)


def test_the_server_reads_the_link_and_cannot_write() -> None:
    assert dispatch.model_path(SIDECAR, KIT) == "/models/current"
    assert follow().server_mounts == ({"name": "model-store", "mountPath": "/models", "readOnly": True},)


def test_annotations_hold_nothing_that_a_hot_update_changes() -> None:
    assert follow().annotations == {"slipway.dev/model-source": "registry.example.com/models/qwen3:1.2.0"}


def test_what_it_sleeps_through_costs_little() -> None:
    assert container(follow())["resources"]["requests"]["cpu"] == "100m"


def test_its_metrics_and_its_registry_can_be_reached() -> None:
    assert follow().metrics_port == 9410
    assert follow().egress_ports == (443,)


@pytest.mark.parametrize("reload", [BY_REQUEST, BY_SIGNAL, BY_ITSELF], ids=lambda reload: reload.type)
def test_the_agent_understands_its_arguments(reload: Reload) -> None:
    args: list[str] = container(follow(reload))["args"]
    told = args.index("--adapter")
    arguments, parser = parse_arguments(args[:told]), ArgumentParser()
    add_adapter_options(parser)

    assert list(adapter_problems(parser.parse_args(args[told:]))) == []
    assert isinstance(arguments, ModelArguments)
    assert (arguments.command, arguments.run.listen, arguments.run.model) == ("watch", "0.0.0.0:9410", "qwen")
    assert (arguments.load.keep_previous, arguments.load.keep_seconds) == (1, 0)


def test_a_reference_without_a_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="names no tag or branch to follow"):
        load(ARTIFACT, replace(place(), reload=BY_REQUEST), SIDECAR)


def test_a_server_that_takes_nothing_in_place_is_refused() -> None:
    with pytest.raises(ValueError, match=r'model "qwen": .*add runtime\.reload'):
        follow(None)
