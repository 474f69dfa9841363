"""The agent beside the server: it loads the first version, then follows the tag and tells the server.

A native sidecar (KEP-753): it starts before the server, which waits for its start-up probe, and stops after it. The
probe passes once the first version is whole, and its budget is that of the load. From then on the sidecar has no part
in the pod's readiness: while the registry is away the server serves what it has.

The server reads ``current``, because that is what moves. The first version is the digest of the stack file, every later
one what the tag names. So the pod's annotations name the source without a digest: a hot update changes nothing in the
pod, and a digest beside it would soon be a lie. What is served is in the sidecar's metrics.

The store is a volume of the pod's own with room for every version that lies in it at a time.
"""

from math import ceil
from typing import Final, assert_never

from components.loaders import source_args
from components.loaders.agent_container import agent_container, agent_volumes, deadline_seconds
from components.loaders.contract import METRICS_PORT, METRICS_PORT_NAME, MODEL_MOUNT, Loaded, LoaderPlace
from components.loaders.trust import config_map_name, trust_args
from components.objects import Manifest
from components.quantities import mebibytes
from stacks.spec.loader import SidecarLoader
from stacks.spec.runtime import HttpReload, Reload, SelfReload, SignalReload
from stacks.spec.source import AgentSource

CONTAINER: Final = "follow-model"
"""Name of the sidecar; alerts name it."""

_STORE_VOLUME: Final = "model-store"
_CPU: Final = "100m"  # it mostly sleeps; while it loads it may use what is idle
_PROBE_PERIOD_SECONDS: Final = 5
_PROBE_TIMEOUT_SECONDS: Final = 2


def render(loader: SidecarLoader, source: AgentSource, place: LoaderPlace) -> Loaded:
    """Return the sidecar, its volume and its metrics port.

    Raises:
        ValueError: the reference has no tag to follow, or the server cannot take a new version in place.
    """
    disk, trust = mebibytes(loader.versions * source.disk_mib), config_map_name(source, place)
    container = agent_container(
        name=CONTAINER,
        image=loader.image,
        args=_args(loader, source, place),
        mounts=[{"name": _STORE_VOLUME, "mountPath": MODEL_MOUNT}],
        user=place.user,
        pull_secret=place.pull_secret,
        sources={place.model: source},
        disk=disk,
        trust=trust,
    )
    container["resources"]["requests"]["cpu"] = _CPU
    return Loaded(
        init_containers=({**container, **_running_on(deadline_seconds(source))},),
        volumes=(
            {"name": _STORE_VOLUME, "emptyDir": {"sizeLimit": disk}},
            *agent_volumes(place.pull_secret, {place.model: source}, trust),
        ),
        server_mounts=({"name": _STORE_VOLUME, "mountPath": MODEL_MOUNT, "readOnly": True},),
        annotations={source_args.SOURCE_ANNOTATION: source_args.followed(source)},
        egress_ports=source_args.egress_ports(source, place.trust.mirrors),
        metrics_port=METRICS_PORT,
        share_process_namespace=isinstance(place.reload, SignalReload),
    )


def _args(loader: SidecarLoader, source: AgentSource, place: LoaderPlace) -> list[str]:
    """Return the agent's arguments; the reference keeps its tag beside the digest that the first load is held to."""
    args = source_args.watching_args(source, model=place.model, pull_secret=place.pull_secret is not None)
    return [
        "watch",
        *args,
        *trust_args(source, place.trust),
        *("--into", MODEL_MOUNT, "--model", place.model),
        *("--listen", f"0.0.0.0:{METRICS_PORT}", "--interval-seconds", str(loader.interval_seconds)),
        # Nobody else reads this store, so a version goes once the server has taken the next one.
        *("--keep-previous", str(loader.keep_previous), "--keep-seconds", "0"),
        *("--deadline-seconds", str(deadline_seconds(source))),
        *_adapter(place),
    ]


def _adapter(place: LoaderPlace) -> list[str]:
    """Return the arguments that say how the server is told."""
    reload: Reload | None = place.reload
    match reload:
        case HttpReload():
            told = ["--adapter-url", _url(place, reload.path), "--adapter-method", reload.method]
            status = ["--adapter-status", str(reload.status)]
            return ["--adapter", "http", *told, *status, *_proof(place, reload.confirm_path)]
        case SignalReload():
            told = ["--adapter-process", reload.process, "--adapter-signal", reload.signal]
            return ["--adapter", "signal", *told, *_proof(place, reload.confirm_path)]
        case SelfReload():
            return ["--adapter", "none"]
        case None:
            raise ValueError(
                f'model "{place.model}": loader type "sidecar" changes the version in place, and nothing says how the '
                "server takes it; add runtime.reload"
            )
        case _:
            assert_never(reload)


def _proof(place: LoaderPlace, path: str | None) -> list[str]:
    return [] if path is None else ["--adapter-confirm-url", _url(place, path)]


def _url(place: LoaderPlace, path: str) -> str:
    return f"http://127.0.0.1:{place.server_port}{path}"


def _running_on(budget_seconds: int) -> Manifest:
    """Return what makes an init container a sidecar, its port and its probes."""
    return {
        "restartPolicy": "Always",
        "ports": [{"name": METRICS_PORT_NAME, "containerPort": METRICS_PORT, "protocol": "TCP"}],
        "startupProbe": _probe("/readyz", ceil(budget_seconds / _PROBE_PERIOD_SECONDS)),
        "livenessProbe": _probe("/healthz", 6),
    }


def _probe(path: str, failures: int) -> Manifest:
    return {
        "failureThreshold": failures,
        "httpGet": {"path": path, "port": METRICS_PORT_NAME},
        "periodSeconds": _PROBE_PERIOD_SECONDS,
        "timeoutSeconds": _PROBE_TIMEOUT_SECONDS,
    }
