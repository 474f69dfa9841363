"""The gate: an init container that ends when the version the server needs is whole in the store.

Whoever brings the version is elsewhere: a Job, a CronJob, a DaemonSet on the node. The gate has no credentials, needs
no network, and mounts the store read-only and as a whole: its model's directory may not be there yet, and a ``subPath``
that is not there would be made by the kubelet as root, or refused on a read-only volume (Kubernetes, "Volumes", "Using
subPath"). The server's own mount uses ``subPath``, which exists by then because init containers come first.
"""

from dataclasses import dataclass
from typing import Final

from components.loaders.agent_container import agent_container, agent_volumes
from components.loaders.contract import MODEL_MOUNT, Loaded
from components.objects import Manifest

CONTAINER: Final = "wait-for-model"
"""Name of the init container."""

STORE_MOUNT: Final = "/models-store"
"""Where containers of the agent see the stores of all models."""

_RESOURCES: Final = {
    "requests": {"cpu": "50m", "memory": "64Mi"},
    "limits": {"memory": "128Mi"},
}
"""It looks at a few directory entries and moves nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What one model's pods wait for.

    Attributes:
        image: any image with Python 3.11 or newer.
        user: numeric user.
        model: the model's directory on the volume.
        version: ``("--key", key)`` for one version, or ``("--link", name)`` for whatever a link names.
        checks: names of checks the version must have passed, as the loader notes them.
        deadline_seconds: after this it fails, the pod shows why, and the kubelet starts it again.
    """

    image: str
    user: int
    model: str
    version: tuple[str, str]
    checks: tuple[str, ...]
    deadline_seconds: int


def gated(store: Manifest, gate: Gate, annotations: dict[str, str], objects: tuple[Manifest, ...]) -> Loaded:
    """Return the loader's part of pods that read what others load.

    Args:
        store: pod volume with the stores of all models.
        gate: what the pods wait for.
        annotations: pod annotations.
        objects: what brings the version.
    """
    mount = {"name": store["name"], "mountPath": MODEL_MOUNT, "readOnly": True, "subPath": gate.model}
    return Loaded(
        init_containers=(_container(store["name"], gate),),
        volumes=(store, *agent_volumes(None, {})),
        server_mounts=(mount,),
        annotations=annotations,
        egress_ports=(),
        objects=objects,
    )


def _container(volume: str, gate: Gate) -> Manifest:
    wanted = ["--into", f"{STORE_MOUNT}/{gate.model}", *gate.version]
    for name in gate.checks:
        wanted += ["--check", name]
    wanted += ["--deadline-seconds", str(gate.deadline_seconds)]
    container = agent_container(
        name=CONTAINER,
        image=gate.image,
        args=["wait", *wanted],
        mounts=[{"name": volume, "mountPath": STORE_MOUNT, "readOnly": True}],
        user=gate.user,
        pull_secret=None,
        sources={},
    )
    return {**container, "resources": _RESOURCES}
