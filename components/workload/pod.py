"""The pod template of one model from its Server, its Loaded and its placement.

Passes the Pod Security level "restricted" (Kubernetes, "Pod Security Standards"). What each choice guards against
stands beside it.
"""

from dataclasses import dataclass
from typing import Final

from components.loaders.contract import Loaded
from components.names import labels, limited, selector
from components.node_pool.contract import NodeTarget
from components.objects import Manifest
from components.quantities import MIB_PER_GIB, cores, gibibytes, mebibytes
from components.runtimes.contract import HttpProbe, Server
from components.security.pod import pod_security

CONTAINER: Final = "server"
"""Name of the server container."""

COMPONENT: Final = "server"
"""Value of the component label of pods, Deployment and Service."""

_SHM_VOLUME: Final = "shm"
_SLEEP_ACTION_SINCE: Final = (1, 30)  # KEP 3960: on by default from 1.30
_LOCAL_VOLUMES: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"


@dataclass(frozen=True, kw_only=True, slots=True)
class PodPlacement:
    """Which nodes the pods of one model run on, and what one pod asks for.

    Attributes:
        nodes: how the pod gets onto its node pool, and the cards it takes there.
        cpu: vCPU the server asks for; it may use more.
        memory_gib: memory the server asks for and may use, GiB; shared memory counts in it.
        image_pull_secrets: names of Secrets for pulling images.
        service_account: name of the ServiceAccount.
    """

    nodes: NodeTarget
    cpu: float
    memory_gib: float
    image_pull_secrets: tuple[str, ...]
    service_account: str


def render(
    server: Server, loaded: Loaded, placement: PodPlacement, *, name: str, kubernetes_version: tuple[int, int]
) -> Manifest:
    """Return the pod template of model ``name``.

    Args:
        server: the server container.
        loaded: what brings the weights.
        placement: nodes and resources.
        name: the model's name.
        kubernetes_version: (major, minor) of the cluster; how the pod waits before it stops depends on it.
    """
    return {
        "metadata": {"labels": labels(name, COMPONENT), "annotations": _annotations(server, loaded)},
        "spec": _filled(
            {
                "automountServiceAccountToken": False,
                "containers": [_container(server, loaded, placement, kubernetes_version)],
                # Otherwise a Service named "vllm" sets VLLM_PORT, which vLLM reads as its own setting.
                "enableServiceLinks": False,
                "imagePullSecrets": [{"name": secret} for secret in placement.image_pull_secrets],
                "initContainers": list(loaded.init_containers),
                "nodeSelector": dict(sorted(placement.nodes.node_selector.items())),
                "securityContext": pod_security(server.user, server.group),
                "shareProcessNamespace": loaded.share_process_namespace or None,
                "serviceAccountName": placement.service_account,
                "terminationGracePeriodSeconds": server.drain.grace_seconds,
                "tolerations": list(placement.nodes.tolerations),
                "topologySpreadConstraints": [_spread(name)],
                "volumes": [*loaded.volumes, *_volumes(server, placement)],
            }
        ),
    }


def _annotations(server: Server, loaded: Loaded) -> dict[str, str]:
    """Return the annotations; without the list of local volumes the cluster autoscaler never empties the node."""
    local = [volume["name"] for volume in loaded.volumes if "emptyDir" in volume]
    local += [_volume_name(path) for path in server.writable]
    return {
        **loaded.annotations,
        _LOCAL_VOLUMES: ",".join(local),
        "kubectl.kubernetes.io/default-container": CONTAINER,
    }


def _filled(manifest: Manifest) -> Manifest:
    """Return ``manifest`` without empty lists and maps: the API server drops them, so a refresh would show a change."""
    return {key: value for key, value in manifest.items() if value not in ([], {}, None)}


def _spread(name: str) -> Manifest:
    """Return the wish for one pod per node; a wish only, because cards may be free on few nodes."""
    return {
        "labelSelector": {"matchLabels": selector(name)},
        # Judges the pods of one revision, so that a rollout ends spread (KEP 3243, on by default from 1.27).
        "matchLabelKeys": ["pod-template-hash"],
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
    }


def _container(server: Server, loaded: Loaded, placement: PodPlacement, version: tuple[int, int]) -> Manifest:
    return _filled(
        {
            "name": CONTAINER,
            "image": server.image,
            "imagePullPolicy": "IfNotPresent",
            "command": list(server.command),
            "args": list(server.args),
            "env": [{"name": key, "value": value} for key, value in sorted(server.env.items())],
            "lifecycle": {"preStop": _pre_stop(server.drain.pre_stop_seconds, version)},
            "livenessProbe": _probe(server.liveness),
            "ports": [{"name": key, "containerPort": port} for key, port in sorted(server.ports.items())],
            "readinessProbe": _probe(server.readiness),
            "resources": _resources(placement),
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": server.read_only_root,
            },
            "startupProbe": _probe(server.startup),
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": [*loaded.server_mounts, *_mounts(server)],
        }
    )


def _pre_stop(seconds: int, version: tuple[int, int]) -> Manifest:
    """Return the wait before SIGTERM.

    Before 1.30 the kubelet cannot sleep itself, so the image's own ``sleep`` does; in an image without one the hook
    fails, an event says so, and SIGTERM comes at once, as it would without a hook.
    """
    if version >= _SLEEP_ACTION_SINCE:
        return {"sleep": {"seconds": seconds}}
    return {"exec": {"command": ["sleep", str(seconds)]}}


def _probe(probe: HttpProbe) -> Manifest:
    return {
        "failureThreshold": probe.failure_threshold,
        "httpGet": {"path": probe.path, "port": probe.port},
        "periodSeconds": probe.period_seconds,
        "timeoutSeconds": probe.timeout_seconds,
    }


def _resources(placement: PodPlacement) -> Manifest:
    """Return the resources: memory is reserved in full, a processor limit would only slow the server down."""
    memory = gibibytes(placement.memory_gib)
    requests = {"cpu": cores(placement.cpu), "memory": memory}
    limits = {"memory": memory}
    resource = placement.nodes.resource
    if resource is not None and placement.nodes.accelerators:
        requests[resource] = limits[resource] = str(placement.nodes.accelerators)
    return {"limits": limits, "requests": requests}


def _mounts(server: Server) -> list[Manifest]:
    mounts = [{"name": _volume_name(path), "mountPath": path} for path in server.writable]
    return [*mounts, {"name": _SHM_VOLUME, "mountPath": "/dev/shm"}] if server.shm_mib else mounts  # noqa: S108 - a mount point


def _volumes(server: Server, placement: PodPlacement) -> list[Manifest]:
    volumes: list[Manifest] = [{"name": _volume_name(path), "emptyDir": {}} for path in server.writable]
    if server.shm_mib:
        # Its pages are charged to the container, so it may never take more than half of the memory limit.
        size = min(server.shm_mib, int(placement.memory_gib * MIB_PER_GIB / 2))
        volumes.append({"name": _SHM_VOLUME, "emptyDir": {"medium": "Memory", "sizeLimit": mebibytes(size)}})
    return volumes


def _volume_name(path: str) -> str:
    """Return a volume name for a writable directory, ``writable-home-vllm`` for ``/home/vllm``."""
    return limited(f"writable-{path.strip('/').replace('/', '-').replace('.', '-').lower()}")
