"""Where a rehearsal cluster keeps its files, and the record that makes it found again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from rehearsal.control_plane.errors import ClusterError
from rehearsal.control_plane.options import ClusterOptions, check_name

_CLONE = Path(__file__).resolve().parents[2]


class Ports(BaseModel):
    """The loopback TCP ports of one cluster; they stay the same over restarts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_server: int
    etcd_client: int
    etcd_peer: int
    kwok: int

    def all(self) -> tuple[int, ...]:
        """Every port."""
        return (self.api_server, self.etcd_client, self.etcd_peer, self.kwok)


class Record(BaseModel):
    """What is remembered of a cluster in cluster.json.

    Attributes:
        name: Name of the cluster.
        ports: Its ports.
        options: The options of the last create.
        kubernetes_version: What the API server last said of itself, without the leading v; None before it answered.
        identifier: UID of the namespace kube-system; None before it was seen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    ports: Ports
    options: ClusterOptions
    kubernetes_version: str | None = None
    identifier: str | None = None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The paths inside the directory of one cluster."""

    directory: Path

    @property
    def name(self) -> str:
        """Name of the cluster: the last part of the directory."""
        return self.directory.name

    @property
    def record_path(self) -> Path:
        """The record of ports and options."""
        return self.directory / "cluster.json"

    @property
    def certificates(self) -> Path:
        """Keys and certificates."""
        return self.directory / "certificates"

    @property
    def data(self) -> Path:
        """The etcd data directory."""
        return self.directory / "etcd"

    @property
    def kubeconfig_path(self) -> Path:
        """The administrator's kubeconfig, certificates included."""
        return self.directory / "kubeconfig.yaml"

    @property
    def configuration(self) -> Path:
        """Generated configuration of the components, among them their own kubeconfig files."""
        return self.directory / "configuration"

    def log_path(self, component: str) -> Path:
        """The log of a component since its last start."""
        return self.directory / "logs" / f"{component}.log"

    def pid_path(self, component: str) -> Path:
        """The record of a component's process."""
        return self.directory / "pids" / f"{component}.json"

    def make_directories(self) -> None:
        """Create the directories, readable by this user alone."""
        for path in (self.directory, self.configuration, self.directory / "logs", self.directory / "pids"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # etcd warns about and a shared umask could widen what mkdir made, so the mode is set once more.
        self.directory.chmod(0o700)

    def read_record(self) -> Record | None:
        """Return the record, or None where no cluster was made.

        Raises:
            ClusterError: The record is not readable.
        """
        try:
            return Record.model_validate_json(self.record_path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise ClusterError(
                f"cannot read {self.record_path}: {error}. Remove the cluster with "
                f"'python -m rehearsal.cluster delete --name {self.name}' and create it again"
            ) from error

    def write_record(self, record: Record) -> None:
        """Replace the record in one step."""
        write_private(self.record_path, record.model_dump_json(indent=2).encode())


def clusters_directory() -> Path:
    """Directory of all clusters: `clusters` under SLIPWAY_HOME, by default under `.slipway` of the clone."""
    home = os.environ.get("SLIPWAY_HOME")
    return (Path(home) if home else _CLONE / ".slipway").resolve() / "clusters"


def layout_of(name: str) -> Layout:
    """Return the layout of the cluster of that name, which need not exist.

    Raises:
        ClusterError: The name is not allowed.
    """
    return Layout(directory=clusters_directory() / check_name(name))


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only this user may read, so that a reader sees the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)
