"""The container the agent runs in, whatever brings it to a node, and the volumes it reads."""

from math import ceil
from typing import Final

from components.loaders import code
from components.loaders.source_mounts import Sources, source_mounts, source_volumes
from components.loaders.trust import trust_mounts, trust_volumes
from components.objects import Manifest
from components.quantities import MIB_PER_GIB
from stacks.spec.source import AgentSource

_CODE_VOLUME: Final = "loader-agent"
_CODE_MOUNT: Final = "/opt/slipway/agent"
_CODE_MODE: Final = 0o444  # nothing secret
_DEADLINE_FLOOR_SECONDS: Final = 3600
_SLOWEST_MIB_PER_SECOND: Final = 20  # a link slower than this is a fault somebody has to look at

_ENV: Final = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "/opt/slipway", "PYTHONUNBUFFERED": "1"}
_SECURITY: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
_MEMORY: Final = "512Mi"
_CPU: Final = "500m"  # a floor only, hashing may use what is idle


def deadline_seconds(source: AgentSource) -> int:
    """Return the most time one load may take: an hour, or longer where a slow link needs it."""
    return max(_DEADLINE_FLOOR_SECONDS, ceil(source.size_gib * MIB_PER_GIB / _SLOWEST_MIB_PER_SECOND))


def agent_container(  # noqa: PLR0913  # what differs between the transports, all by name
    *,
    name: str,
    image: str,
    args: list[str],
    mounts: list[Manifest],
    user: int,
    pull_secret: str | None,
    sources: Sources,
    disk: str | None = None,
    trust: str | None = None,
) -> Manifest:
    """Return a container that runs the agent, fit for a pod of Pod Security level "restricted".

    Args:
        name: the container's name.
        image: any image with Python 3.11 or newer.
        args: of the agent, from its command on.
        mounts: what it writes to; code and credentials are added.
        user: numeric user.
        pull_secret: name of the Secret with the registry's credentials; None = anonymous.
        sources: what it loads, by the model's name; their credentials and volumes are mounted.
        disk: quantity it will write to the node's disk; None = nothing worth reserving.
        trust: name of the ConfigMap with keys and CAs; None = there is none to mount.
    """
    agent = {"name": _CODE_VOLUME, "mountPath": _CODE_MOUNT, "readOnly": True}
    requests = {"cpu": _CPU, "memory": _MEMORY, **({} if disk is None else {"ephemeral-storage": disk})}
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-m", "agent"],
        "args": args,
        "env": [{"name": key, "value": value} for key, value in sorted(_ENV.items())],
        "resources": {"requests": requests, "limits": {"memory": _MEMORY}},
        "securityContext": {**_SECURITY, "runAsUser": user},
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [*mounts, agent, *source_mounts(sources, pull_secret), *trust_mounts(trust)],
    }


def agent_volumes(pull_secret: str | None, sources: Sources, trust: str | None = None) -> list[Manifest]:
    """Return the volumes the agent reads: its code, what it needs of its sources, and whom it believes."""
    agent = {"name": code.config_map_name(), "defaultMode": _CODE_MODE}
    return [{"name": _CODE_VOLUME, "configMap": agent}, *source_volumes(sources, pull_secret), *trust_volumes(trust)]
