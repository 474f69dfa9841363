"""What the agent needs to see of each source: the registry's credentials, the source's own, a volume with files.

Secrets are mounted as whole directories: a rotated one reaches the file, which ``subPath`` would prevent. A volume with
files is read-only as a volume, not only as a mount: then the kubelet leaves the owners of its files as they are
(Kubernetes 1.36, ``pkg/volume/csi/csi_mounter.go``, ``supportsFSGroup``), so they must be readable for the pod's user.
"""

from collections.abc import Mapping
from typing import Final

from components.loaders.source_args import CLAIM_MOUNT, REGISTRY_FILE, REGISTRY_MOUNT, credentials_directory
from components.loaders.source_secret import needs_secret, secret_name
from components.objects import Manifest
from stacks.spec.file_source import ClaimSource
from stacks.spec.source import AgentSource, ModelKitSource, OciSource

Sources = Mapping[str, AgentSource]
"""What one pod loads, by the model's name."""

_REGISTRY_VOLUME: Final = "registry-config"
_CLAIM_VOLUME: Final = "source-files"
_SECRET_MODE: Final = 0o440  # owned by root, readable through the pod's file system group


def source_mounts(sources: Sources, pull_secret: str | None) -> list[Manifest]:
    """Return the mounts of the agent's container.

    Args:
        sources: what it loads.
        pull_secret: name of the Secret with the registry's credentials; None = anonymous.
    """
    mounts: list[Manifest] = []
    if pull_secret is not None and _from_registry(sources):
        mounts.append({"name": _REGISTRY_VOLUME, "mountPath": REGISTRY_MOUNT, "readOnly": True})
    for model, source in sorted(sources.items()):
        if needs_secret(source):
            path = credentials_directory(model)
            mounts.append({"name": secret_name(model), "mountPath": path, "readOnly": True})
        if isinstance(source, ClaimSource):
            mounts.append({"name": _CLAIM_VOLUME, "mountPath": CLAIM_MOUNT, "readOnly": True})
    return mounts


def source_volumes(sources: Sources, pull_secret: str | None) -> list[Manifest]:
    """Return the pod volumes for ``source_mounts``."""
    volumes: list[Manifest] = []
    if pull_secret is not None and _from_registry(sources):
        item = {"key": ".dockerconfigjson", "path": REGISTRY_FILE}
        secret = {"secretName": pull_secret, "items": [item], "defaultMode": _SECRET_MODE}
        volumes.append({"name": _REGISTRY_VOLUME, "secret": secret})
    for model, source in sorted(sources.items()):
        if needs_secret(source):
            name = secret_name(model)
            volumes.append({"name": name, "secret": {"secretName": name, "defaultMode": _SECRET_MODE}})
        if isinstance(source, ClaimSource):
            claim = {"claimName": source.claim, "readOnly": True}
            volumes.append({"name": _CLAIM_VOLUME, "persistentVolumeClaim": claim})
    return volumes


def _from_registry(sources: Sources) -> bool:
    return any(isinstance(source, ModelKitSource | OciSource) for source in sources.values())
