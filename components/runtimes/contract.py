"""What every pod runtime tells the rest: the one place where its ports, paths, probes and drain are written."""

from dataclasses import dataclass, field
from typing import Final

HTTP: Final = "http"
"""Name of the serving port in the container, the Service, the monitor and the network policy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpProbe:
    """An HTTP GET the kubelet makes; seconds and counts as in the Kubernetes probe API."""

    path: str
    port: str = HTTP
    period_seconds: int = 10
    timeout_seconds: int = 2
    failure_threshold: int = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Drain:
    """How a leaving pod finishes its work.

    Attributes:
        pre_stop_seconds: wait before SIGTERM, while endpoints are still being removed everywhere.
        grace_seconds: whole time from deletion to SIGKILL; more than the wait plus the runtime's own drain.
    """

    pre_stop_seconds: int
    grace_seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueMetric:
    """The gauge that says how many requests wait.

    Attributes:
        name: metric name as exposed.
        target: waiting requests per pod that are still fine.
    """

    name: str
    target: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """One server container, without weights and without placement.

    Attributes:
        image: container image.
        command: entrypoint; empty = the image's own.
        args: arguments; the model path is already in them.
        ports: container ports by name; ``HTTP`` is always there.
        startup, readiness, liveness: probes; ``startup`` carries the whole start-up budget.
        metrics_path: path on ``metrics_port``; None = no metrics.
        metrics_port: name of one of ``ports``.
        env: plain environment; never a secret.
        writable: directories that must be writable (each becomes an emptyDir).
        shm_mib: size of /dev/shm in MiB; 0 = the container runtime's 64 MiB.
        user: numeric user the image can run as without root; files of the pod belong to it.
        group: numeric group the server runs with; None = the same number as ``user``.
        drain: how it stops.
        queue: scaling signal; None = only CPU can scale it.
        cache_metric: gauge from 0 to 1 that says how full the memory for running requests is; None = it has none.
        read_only_root: whether the root file system may be read-only.
    """

    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    ports: dict[str, int]
    startup: HttpProbe
    readiness: HttpProbe
    liveness: HttpProbe
    metrics_path: str | None
    metrics_port: str = HTTP
    env: dict[str, str] = field(default_factory=dict[str, str])
    writable: tuple[str, ...] = ("/tmp",)  # noqa: S108 - a mount point in the container, not a file of this machine
    shm_mib: int = 0
    user: int = 65532
    group: int | None = None
    drain: Drain
    queue: QueueMetric | None
    cache_metric: str | None = None
    read_only_root: bool

    @property
    def http_port(self) -> int:
        """Number of the serving port."""
        return self.ports[HTTP]

    @property
    def startup_seconds(self) -> int:
        """Longest time the start-up probe allows, seconds."""
        return self.startup.period_seconds * self.startup.failure_threshold
