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

from typing import Final

from components.loaders import source_args
from components.loaders.agent_container import agent_container, agent_volumes, deadline_seconds
from components.loaders.contract import MODEL_MOUNT, Loaded, LoaderPlace
from components.loaders.trust import config_map_name, trust_args
from components.objects import Manifest
from components.quantities import mebibytes
from stacks.spec.loader import InitLoader
from stacks.spec.source import AgentSource

CONTAINER: Final = "load-model"
"""Name of the init container; alerts name it."""

_STORE_VOLUME: Final = "model-store"
_STORE_MOUNT: Final = "/models-store"


def render(loader: InitLoader, source: AgentSource, place: LoaderPlace) -> Loaded:
    """Return the loader's part of the pods of one model.

    Raises:
        ValueError: the loader is to use the shared volume and the stack has none.
    """
    claim = _claim(loader, place)
    disk, trust = mebibytes(source.disk_mib), config_map_name(source, place)
    container = agent_container(
        name=CONTAINER,
        image=loader.image,
        args=_args(source, place, claim),
        mounts=[{"name": _STORE_VOLUME, "mountPath": MODEL_MOUNT if claim is None else _STORE_MOUNT}],
        user=place.user,
        pull_secret=place.pull_secret,
        sources={place.model: source},
        disk=disk if claim is None else None,
        trust=trust,
    )
    return Loaded(
        init_containers=(container,),
        volumes=(_store(claim, disk), *agent_volumes(place.pull_secret, {place.model: source}, trust)),
        server_mounts=(_server_mount(claim, place.model),),
        annotations=source_args.annotations(source),
        egress_ports=source_args.egress_ports(source, place.trust.mirrors),
    )


def model_path(source: AgentSource) -> str:
    """Return the directory of the one version and selection, as the server sees it."""
    return f"{MODEL_MOUNT}/.store/{source_args.version_key(source)}"


def _claim(loader: InitLoader, place: LoaderPlace) -> str | None:
    """Return the claim to load into, None for a volume of the pod's own."""
    if loader.into == "storage" and place.storage_claim is None:
        raise ValueError(
            f'model "{place.model}": loader.into is "storage", but the stack has no `storage.models`; '
            'add one, or set loader.into to "pod"'
        )
    return None if loader.into == "pod" else place.storage_claim


def _args(source: AgentSource, place: LoaderPlace, claim: str | None) -> list[str]:
    """Return the agent's arguments."""
    into = MODEL_MOUNT if claim is None else f"{_STORE_MOUNT}/{place.model}"
    args = ["once", *source_args.source_args(source, model=place.model, pull_secret=place.pull_secret is not None)]
    args += trust_args(source, place.trust)
    return [*args, "--into", into, "--deadline-seconds", str(deadline_seconds(source))]


def _store(claim: str | None, disk: str) -> Manifest:
    """Return the volume of the model store."""
    if claim is None:
        return {"name": _STORE_VOLUME, "emptyDir": {"sizeLimit": disk}}
    return {"name": _STORE_VOLUME, "persistentVolumeClaim": {"claimName": claim}}


def _server_mount(claim: str | None, model: str) -> Manifest:
    """Return the server's view of the store."""
    mount: Manifest = {"name": _STORE_VOLUME, "mountPath": MODEL_MOUNT, "readOnly": True}
    return mount if claim is None else {**mount, "subPath": model}
