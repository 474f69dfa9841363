"""The agent as an init container: the server starts when the whole model is there.

Where it loads to:

* a volume of the pod's own: the store is the root of an emptyDir that is mounted at ``MODEL_MOUNT`` in both containers;
* the shared volume: the loader mounts the whole claim and makes the model's directory itself. Were it mounted by
  ``subPath``, the kubelet would make that directory as root with mode 0750, and no file system group is applied on NFS,
  so the loader could not write. The server sees its model's directory only, read-only and by ``subPath``, which exists
  by then because init containers come first.

The server reads the version's own directory, not the link ``current``. On a shared volume the link is moved by
whichever pod loads last: while versions A and B roll, a pod of A that is made anew moves it back, and a pod of B that
starts its server just then would serve A. The digest in the path also shows in the pod what is served.
"""

from math import ceil
from typing import Final, assert_never

from components.loaders import code
from components.loaders.agent.plan import store_key
from components.loaders.contract import MODEL_MOUNT, Loaded, LoaderPlace
from components.objects import Manifest
from components.quantities import MIB_PER_GIB, mebibytes
from stacks.spec.loader import InitLoader
from stacks.spec.source import ModelKitSource, OciSource, Source

CONTAINER: Final = "load-model"
"""Name of the init container; alerts name it."""

DIGEST_ANNOTATION: Final = "slipway.dev/model-digest"
SOURCE_ANNOTATION: Final = "slipway.dev/model-source"

_STORE_VOLUME: Final = "model-store"
_STORE_MOUNT: Final = "/models-store"
_CODE_VOLUME: Final = "loader-agent"
_CODE_MOUNT: Final = "/opt/slipway/agent"
_REGISTRY_VOLUME: Final = "registry-config"
_REGISTRY_MOUNT: Final = "/run/slipway/registry"
_REGISTRY_FILE: Final = "config.json"
_CODE_MODE: Final = 0o444  # nothing secret
_SECRET_MODE: Final = 0o440  # owned by root, readable through the pod's file system group
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80
_DEADLINE_FLOOR_SECONDS: Final = 3600
_SLOWEST_MIB_PER_SECOND: Final = 20  # a link slower than this is a fault somebody has to look at

_ENV: Final = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "/opt/slipway", "PYTHONUNBUFFERED": "1"}
_SECURITY: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


def render(loader: InitLoader, source: Source, place: LoaderPlace) -> Loaded:
    """Return the loader's part of the pods of one model.

    Raises:
        ValueError: the loader is to use the shared volume and the stack has none.
    """
    claim = _claim(loader, place)
    reference, digest = _pinned(source.reference)
    disk = mebibytes(source.disk_mib)
    return Loaded(
        init_containers=(_container(loader, _args(source, reference, place, claim), place, claim, disk),),
        volumes=(_store(claim, disk), *_inputs(place.pull_secret)),
        server_mounts=(_server_mount(claim, place.model),),
        annotations={DIGEST_ANNOTATION: digest, SOURCE_ANNOTATION: source.reference},
        egress_ports=(_port(reference, plain_http=source.plain_http),),
    )


def model_path(source: Source) -> str:
    """Return the directory of the one version and selection, as the server sees it."""
    _, digest = _pinned(source.reference)
    return f"{MODEL_MOUNT}/.store/{store_key(digest, _filters(source))}"


def _filters(source: Source) -> tuple[str, ...]:
    match source:
        case ModelKitSource():
            return source.filter
        case OciSource():
            return ()
        case _:
            assert_never(source)


def _claim(loader: InitLoader, place: LoaderPlace) -> str | None:
    """Return the claim to load into, None for a volume of the pod's own."""
    if loader.into == "storage" and place.storage_claim is None:
        raise ValueError(
            f'model "{place.model}": loader.into is "storage", but the stack has no `storage.models`; '
            'add one, or set loader.into to "pod"'
        )
    return None if loader.into == "pod" else place.storage_claim


def _pinned(reference: str) -> tuple[str, str]:
    """Return ``host/repository@digest`` without the tag, which is for people only, and the digest."""
    named, digest = reference.split("@", 1)
    host, repository = named.split("/", 1)
    return f"{host}/{repository.split(':', 1)[0]}@{digest}", digest


def _port(reference: str, *, plain_http: bool) -> int:
    """Return the TCP port of the registry."""
    _, _, port = reference.split("/", 1)[0].partition(":")
    if port:
        return int(port)
    return _HTTP_PORT if plain_http else _HTTPS_PORT


def _args(source: Source, reference: str, place: LoaderPlace, claim: str | None) -> list[str]:
    """Return the agent's arguments; credentials go by file, never through here."""
    into = MODEL_MOUNT if claim is None else f"{_STORE_MOUNT}/{place.model}"
    args = ["once", "--source", source.type, "--reference", reference]
    for part in _filters(source):
        args += ["--filter", part]
    deadline = max(_DEADLINE_FLOOR_SECONDS, ceil(source.size_gib * MIB_PER_GIB / _SLOWEST_MIB_PER_SECOND))
    args += ["--into", into, "--deadline-seconds", str(deadline)]
    if place.pull_secret is not None:
        args += ["--registry-config", f"{_REGISTRY_MOUNT}/{_REGISTRY_FILE}"]
    if source.plain_http:
        args.append("--plain-http")
    return args


def _container(loader: InitLoader, args: list[str], place: LoaderPlace, claim: str | None, disk: str) -> Manifest:
    """Return the init container; its processor share is a floor only, hashing may use what is idle."""
    mounts: list[Manifest] = [
        {"name": _STORE_VOLUME, "mountPath": MODEL_MOUNT if claim is None else _STORE_MOUNT},
        {"name": _CODE_VOLUME, "mountPath": _CODE_MOUNT, "readOnly": True},
    ]
    if place.pull_secret is not None:
        mounts.append({"name": _REGISTRY_VOLUME, "mountPath": _REGISTRY_MOUNT, "readOnly": True})
    requests = {"cpu": "500m", "memory": "512Mi"}
    if claim is None:
        requests["ephemeral-storage"] = disk
    return {
        "name": CONTAINER,
        "image": loader.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-m", "agent"],
        "args": args,
        "env": [{"name": key, "value": value} for key, value in sorted(_ENV.items())],
        "resources": {"requests": requests, "limits": {"memory": "512Mi"}},
        "securityContext": {**_SECURITY, "runAsUser": place.user},
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }


def _store(claim: str | None, disk: str) -> Manifest:
    """Return the volume of the model store."""
    if claim is None:
        return {"name": _STORE_VOLUME, "emptyDir": {"sizeLimit": disk}}
    return {"name": _STORE_VOLUME, "persistentVolumeClaim": {"claimName": claim}}


def _server_mount(claim: str | None, model: str) -> Manifest:
    """Return the server's view of the store."""
    mount: Manifest = {"name": _STORE_VOLUME, "mountPath": MODEL_MOUNT, "readOnly": True}
    return mount if claim is None else {**mount, "subPath": model}


def _inputs(pull_secret: str | None) -> list[Manifest]:
    """Return the volumes the loader reads: its code, and the registry's credentials as a file.

    They are mounted as whole directories: a rotated Secret reaches the file, which ``subPath`` would prevent.
    """
    agent = {"name": code.config_map_name(), "defaultMode": _CODE_MODE}
    volumes: list[Manifest] = [{"name": _CODE_VOLUME, "configMap": agent}]
    if pull_secret is not None:
        item = {"key": ".dockerconfigjson", "path": _REGISTRY_FILE}
        secret = {"secretName": pull_secret, "items": [item], "defaultMode": _SECRET_MODE}
        volumes.append({"name": _REGISTRY_VOLUME, "secret": secret})
    return volumes
