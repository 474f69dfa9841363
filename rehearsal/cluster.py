"""Local Kubernetes clusters for rehearsals: a real control plane with simulated nodes.

Each cluster is etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and the rehearsal controller, as
plain processes on loopback, with everything in one directory. Processes outlive the command that made them and are
found again by any later one. Command line: `python -m rehearsal.cluster create|status|stop|delete|list`.
"""

from __future__ import annotations

import logging
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearsal.control_plane.components import (
    API_SERVER,
    CONTROLLER_MANAGER,
    ETCD,
    KWOK,
    REHEARSAL_CONTROLLER,
    SCHEDULER,
)
from rehearsal.control_plane.errors import ClusterError
from rehearsal.control_plane.kubeconfig import server_url
from rehearsal.control_plane.launch import GRACE_SECONDS, end_or_raise
from rehearsal.control_plane.layout import clusters_directory, layout_of
from rehearsal.control_plane.locks import locked
from rehearsal.control_plane.options import ClusterOptions
from rehearsal.control_plane.processes import find_all, require_proc
from rehearsal.control_plane.start import bring_up, connect
from rehearsal.toolchain.tools import find_tool

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.control_plane.layout import Layout, Record

_logger = logging.getLogger("rehearsal.cluster")
_LOCK_SECONDS = 120.0
# What is about to be removed need not be put away carefully.
_DELETE_SECONDS = 0.5
_ALL = frozenset({ETCD, API_SERVER, CONTROLLER_MANAGER, SCHEDULER, KWOK, REHEARSAL_CONTROLLER})
# etcd goes last, so that nothing writes to a store that is gone.
_STOP_ORDER = (frozenset({CONTROLLER_MANAGER, SCHEDULER, KWOK, REHEARSAL_CONTROLLER}), {API_SERVER}, {ETCD})


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A rehearsal cluster as it is now.

    Attributes:
        name: Its name.
        directory: Everything it owns: certificates, data, logs, pids, kubeconfig.
        server: URL of the API server.
        kubeconfig_path: The administrator's kubeconfig, certificates included.
        kubernetes_version: Version of the API server, without a leading v; None when it never got ready.
        identifier: UID of the namespace kube-system, which no two clusters share; None when it never got ready.
        running: Whether every component lives and the API server is ready.
    """

    name: str
    directory: Path
    server: str
    kubeconfig_path: Path
    kubernetes_version: str | None
    identifier: str | None
    running: bool

    @property
    def kubeconfig(self) -> str:
        """The kubeconfig's text; it opens the cluster to whoever has it."""
        return self.kubeconfig_path.read_text(encoding="utf-8")


def create(name: str, options: ClusterOptions | None = None) -> Cluster:
    """Create the cluster, or find it again: what runs is kept, what died is started with the same data and ports.

    The options of the last create hold. Returns when the cluster is ready for pods.

    Raises:
        ClusterError: It belongs to another owner, or cannot be started; the text names the component, its last log
            lines and the log file.
        ToolMissingError: A program of the control plane is not there.
    """
    require_proc()
    layout = layout_of(name)
    with locked(_lock_path(layout), timeout_seconds=_LOCK_SECONDS):
        record = layout.read_record()
        options = options or ClusterOptions()
        if record is not None:
            options = _owned(record, options)
        else:
            # Processes of a cluster whose directory was removed by hand still hold its old ports and data.
            end_or_raise(layout, find_all(layout), grace_seconds=_DELETE_SECONDS)
        return _describe(layout, _bring_up(layout, options), running=True)


def status(name: str) -> Cluster | None:
    """Return the cluster as it is, or None when there is none of that name.

    Raises:
        ClusterError: The name is not allowed, or the record is not readable.
    """
    layout = layout_of(name)
    record = layout.read_record()
    if record is None:
        return None
    running = layout.certificates.is_dir() and find_all(layout).keys() >= _ALL and connect(layout, record).is_ready()
    return _describe(layout, record, running=running)


def stop(name: str) -> None:
    """End the processes and keep data, ports and certificates; `create` starts the cluster again.

    Raises:
        ClusterError: A process cannot be ended.
    """
    layout = layout_of(name)
    with locked(_lock_path(layout), timeout_seconds=_LOCK_SECONDS):
        for names in _STOP_ORDER:
            live = {component: process for component, process in find_all(layout).items() if component in names}
            end_or_raise(layout, live, grace_seconds=GRACE_SECONDS)


def delete(name: str) -> None:
    """End the processes and remove everything the cluster owns; nothing happens when there is none.

    Raises:
        ClusterError: A process cannot be ended, or the directory cannot be removed.
    """
    layout = layout_of(name)
    with locked(_lock_path(layout), timeout_seconds=_LOCK_SECONDS):
        # Twice at most: a second process of the same component can only come from a create that was killed.
        while live := find_all(layout):
            _logger.info("ending %s", ", ".join(sorted(live)))
            end_or_raise(layout, live, grace_seconds=_DELETE_SECONDS)
        _remove(layout)


def list_clusters() -> list[Cluster]:
    """Return every cluster of the clone, by name."""
    names = sorted(path.parent.name for path in clusters_directory().glob("*/cluster.json"))
    return [cluster for name in names if (cluster := status(name)) is not None]


def _owned(record: Record, options: ClusterOptions) -> ClusterOptions:
    """Return the options with the owner that the cluster has; two stacks in one cluster would delete it twice."""
    owner = record.options.owner
    if owner and options.owner and options.owner != owner:
        raise ClusterError(
            f"cluster {record.name} belongs to stack {owner}, and {options.owner} asks for it; "
            "give each stack a cluster name of its own (slipway:cluster name)"
        )
    return options.model_copy(update={"owner": options.owner or owner})


def _bring_up(layout: Layout, options: ClusterOptions) -> Record:
    """Start the cluster; when that fails, end what this call started and keep the logs."""
    before = set(find_all(layout).values())
    try:
        return bring_up(layout, options, find_tool)
    except BaseException:
        started = {name: process for name, process in find_all(layout).items() if process not in before}
        end_or_raise(layout, started, grace_seconds=GRACE_SECONDS)
        raise


def _lock_path(layout: Layout) -> Path:
    return layout.directory.parent / f".{layout.name}.lock"


def _remove(layout: Layout) -> None:
    # Renamed first: a removal that is interrupted leaves no directory that looks like a cluster.
    doomed = layout.directory.with_name(f".{layout.name}.deleted")
    try:
        if doomed.exists():
            shutil.rmtree(doomed)
        if layout.directory.exists():
            layout.directory.rename(doomed)
            shutil.rmtree(doomed)
    except OSError as error:
        raise ClusterError(f"cannot remove {layout.directory}: {error}. Remove it by hand") from error


def _describe(layout: Layout, record: Record, *, running: bool) -> Cluster:
    return Cluster(
        name=record.name,
        directory=layout.directory,
        server=server_url(record.ports.api_server),
        kubeconfig_path=layout.kubeconfig_path,
        kubernetes_version=record.kubernetes_version,
        identifier=record.identifier,
        running=running,
    )


if __name__ == "__main__":
    from rehearsal.control_plane.command_line import main

    sys.exit(main())
