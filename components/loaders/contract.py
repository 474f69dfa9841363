"""What every loader gives to the pod: where the weights are and which containers bring them."""

from dataclasses import dataclass
from typing import Final

from components.objects import Manifest

MODEL_MOUNT: Final = "/models"
"""Where the server sees the store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoaderPlace:
    """Where one model's loader runs and what it may use.

    Attributes:
        model: the model's name; its directory on a shared volume.
        storage_claim: claim of the shared model volume; None = there is none.
        pull_secret: Secret of type ``kubernetes.io/dockerconfigjson`` in the namespace; None = anonymous pulls.
        user: numeric user of the pod; the loaded files belong to it.
    """

    model: str
    storage_claim: str | None
    pull_secret: str | None
    user: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """The loader's part of a pod, as plain pod-spec data.

    Attributes:
        init_containers: run before the server, in this order.
        volumes: pod volumes, the model store among them.
        server_mounts: volume mounts of the server container, read-only.
        annotations: pod annotations; the digest among them, so that a new model rolls pods.
        egress_ports: TCP ports loading must reach outside the namespace.
    """

    init_containers: tuple[Manifest, ...]
    volumes: tuple[Manifest, ...]
    server_mounts: tuple[Manifest, ...]
    annotations: dict[str, str]
    egress_ports: tuple[int, ...]


NOTHING_LOADED: Final = Loaded(
    init_containers=(),
    volumes=(),
    server_mounts=(),
    annotations={},
    egress_ports=(),
)
"""For servers whose image brings the model."""
