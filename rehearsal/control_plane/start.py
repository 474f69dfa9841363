"""Brings a cluster up from whatever state it is in, in steps that can each be done again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rehearsal.control_plane.api import ApiClient, ApiError, Object, UnreachableError
from rehearsal.control_plane.certificates import ensure_certificates
from rehearsal.control_plane.components import (
    API_SERVER,
    CONTROLLER_MANAGER,
    api_server,
    controllers,
    storage,
    write_kwok_configuration,
)
from rehearsal.control_plane.errors import ClusterError, ComponentError
from rehearsal.control_plane.kubeconfig import server_url, write_kubeconfigs
from rehearsal.control_plane.launch import dead, ensure_running
from rehearsal.control_plane.layout import Record
from rehearsal.control_plane.locks import locked
from rehearsal.control_plane.objects import apply_storage_classes, install_open_crds
from rehearsal.control_plane.ports import choose_ports, is_free
from rehearsal.control_plane.processes import find_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rehearsal.control_plane.components import Component
    from rehearsal.control_plane.layout import Layout
    from rehearsal.control_plane.options import ClusterOptions

_READY_SECONDS = 90.0
_POLL_SECONDS = 0.05
_PORT_LOCK_SECONDS = 30.0


def connect(layout: Layout, record: Record) -> ApiClient:
    """Return a client with the administrator's certificate."""
    return ApiClient(server_url(record.ports.api_server), layout.certificates, "admin")


def bring_up(layout: Layout, options: ClusterOptions, find_tool: Callable[[str], Path]) -> Record:
    """Start what is missing, apply the options, and return the record once the cluster is ready.

    Raises:
        ClusterError: The cluster cannot be started or does not fit the options.
    """
    layout.make_directories()
    record = _ensure_record(layout, options)
    ensure_certificates(layout.certificates)
    write_kubeconfigs(layout, record.ports.api_server)
    write_kwok_configuration(layout)
    first = (storage(layout, record, find_tool), api_server(layout, record, find_tool))
    rest = controllers(layout, record, find_tool)
    if not find_all(layout):
        refuse_taken_ports(layout, record)
    client = connect(layout, record)
    ensure_running(layout, first)
    _wait(layout, first, client.is_ready, API_SERVER)
    version = _check_version(client, options)
    ensure_running(layout, rest)
    apply_storage_classes(client, options)
    install_open_crds(client, options.open_crds)
    _wait(layout, (*first, *rest), lambda: _controllers_work(client), CONTROLLER_MANAGER)
    identifier = str(client.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"])
    record = record.model_copy(update={"kubernetes_version": version, "identifier": identifier})
    layout.write_record(record)
    return record


def _ensure_record(layout: Layout, options: ClusterOptions) -> Record:
    """Return the record with these options; ports are chosen once, under a lock over all clusters."""
    record = layout.read_record()
    if record is not None:
        record = record.model_copy(update={"options": options})
        layout.write_record(record)
        return record
    clusters = layout.directory.parent
    with locked(clusters / ".ports.lock", timeout_seconds=_PORT_LOCK_SECONDS):
        record = Record(name=layout.name, ports=choose_ports(clusters), options=options)
        layout.write_record(record)
    return record


def refuse_taken_ports(layout: Layout, record: Record) -> None:
    """Refuse to start a cluster on ports that another program took while it was stopped.

    Raises:
        ClusterError: Names the ports and the two ways out.
    """
    taken = [port for port in record.ports.all() if not is_free(port)]
    if taken:
        raise ClusterError(
            f"TCP ports {', '.join(map(str, taken))} of cluster {record.name!r} are used by another program now "
            f"(see 'ss -ltnp'): end that program, or remove the cluster with "
            f"'python -m rehearsal.cluster delete --name {layout.name}' and create it again on other ports"
        )


def _wait(layout: Layout, components: tuple[Component, ...], is_done: Callable[[], bool], suspect: str) -> None:
    """Wait until done; a component that dies meanwhile ends the wait at once with its log."""
    deadline = time.monotonic() + _READY_SECONDS
    while not is_done():
        gone = dead(layout, components)
        if gone is not None:
            raise ComponentError(gone.name, "ended while the cluster started", layout.log_path(gone.name))
        if time.monotonic() > deadline:
            raise ComponentError(suspect, f"was not ready after {_READY_SECONDS:g} s", layout.log_path(suspect))
        time.sleep(_POLL_SECONDS)
    gone = dead(layout, components)
    if gone is not None:
        raise ComponentError(gone.name, "ended while the cluster started", layout.log_path(gone.name))


def _controllers_work(client: ApiClient) -> bool:
    """Whether the controller manager made the first ServiceAccount, without which no pod is admitted."""
    try:
        client.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")
        client.request("GET", "/api/v1/namespaces/default/configmaps/kube-root-ca.crt")
    except (ApiError, UnreachableError):
        return False
    return True


def _check_version(client: ApiClient, options: ClusterOptions) -> str:
    answer: Object = client.request("GET", "/version")
    version = str(answer["gitVersion"]).removeprefix("v")
    wanted = (options.kubernetes_version or version).removeprefix("v")
    if version != wanted and not version.startswith(f"{wanted}."):
        raise ClusterError(
            f"the options ask for Kubernetes {wanted}, the toolchain has {version}: "
            f"set kubernetes_version to {version!r} or leave it out"
        )
    return version
