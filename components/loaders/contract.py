"""What every loader gives to the pod: where the weights are and which containers bring them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from components.node_pool.contract import NodeTarget
from components.objects import Manifest
from stacks.spec.loading import Signature
from stacks.spec.runtime import Reload

MODEL_MOUNT: Final = "/models"
"""Where the server sees the store."""

METRICS_PORT: Final = 9410
"""Port of the health and metrics of an agent that keeps running."""

METRICS_PORT_NAME: Final = "loader-metrics"
"""Name of that port in the pod and in its monitor."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Whom one model's loader believes.

    Attributes:
        signature: who must have signed the model, and where the signature is; None = no check.
        ca_certificates: private CAs, PEM; None = only those of the image.
        mirrors: address to ask in place of a registry's host.
    """

    signature: Signature | None = None
    ca_certificates: str | None = None
    mirrors: Mapping[str, str] = field(default_factory=dict[str, str])


NO_TRUST: Final = Trust()
"""No signature is asked for, and nothing is private."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoaderPlace:
    """Where one model's loader runs and what it may use.

    Attributes:
        model: the model's name; its directory on a shared volume.
        namespace: where the model's objects are.
        service_account: name of the account of the namespace's pods; it has no rights.
        nodes: the model's pool, for pods of the loader's own; they take no accelerator.
        kubernetes_version: (major, minor) of the cluster.
        storage_claim: claim of the shared model volume; None = there is none.
        pull_secret: Secret of type ``kubernetes.io/dockerconfigjson`` in the namespace; None = anonymous pulls.
        user: numeric user of the pod; the loaded files belong to it.
        server_port: port of the server, which a sidecar reaches on the pod's loopback.
        reload: how the server takes a new version in place; None = it cannot.
        cidrs: networks loaders may be reached in; empty = any.
        trust: whom the loader believes.
    """

    model: str
    namespace: str
    service_account: str
    nodes: NodeTarget
    kubernetes_version: tuple[int, int]
    storage_claim: str | None
    pull_secret: str | None
    user: int
    server_port: int
    reload: Reload | None = None
    cidrs: tuple[str, ...] = ()
    trust: Trust = NO_TRUST


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """The loader's part of a pod, as plain pod-spec data.

    Attributes:
        init_containers: run before the server, in this order.
        volumes: pod volumes, the model store among them.
        server_mounts: volume mounts of the server container, read-only.
        annotations: pod annotations; the digest among them, so that a new model rolls pods.
        egress_ports: TCP ports the model's pods must reach outside the namespace to load.
        objects: objects of the namespace that must be there before the pods: a Job, a CronJob and what they need. In
            their order; each is made after those before it.
        metrics_port: port of the loader's own metrics in the model's pods; None = there is none.
        share_process_namespace: whether the containers of the pod must see each other's processes.
    """

    init_containers: tuple[Manifest, ...]
    volumes: tuple[Manifest, ...]
    server_mounts: tuple[Manifest, ...]
    annotations: dict[str, str]
    egress_ports: tuple[int, ...]
    objects: tuple[Manifest, ...] = ()
    metrics_port: int | None = None
    share_process_namespace: bool = False


NOTHING_LOADED: Final = Loaded(
    init_containers=(),
    volumes=(),
    server_mounts=(),
    annotations={},
    egress_ports=(),
)
"""For servers whose image brings the model."""
