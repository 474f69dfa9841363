"""The command line of every component of a rehearsal cluster.

Flags: `--help` of etcd 3.6, Kubernetes 1.34 and kwok 0.8. Everything listens on 127.0.0.1 only.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from rehearsal.control_plane.certificates import SERVICE_ACCOUNT_KEY, SERVICE_ACCOUNT_PUBLIC_KEY, SERVICE_CIDR
from rehearsal.control_plane.kubeconfig import component_kubeconfig, server_url
from rehearsal.control_plane.layout import write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rehearsal.control_plane.layout import Layout, Record

ETCD, API_SERVER, CONTROLLER_MANAGER = "etcd", "kube-apiserver", "kube-controller-manager"
SCHEDULER, KWOK, REHEARSAL_CONTROLLER = "kube-scheduler", "kwok", "rehearsal-controller"

_STAGES = Path(__file__).with_name("stages.yaml")
# One line in the format in which container runtimes write logs (KEP-1465 of kubernetes/enhancements).
_SIMULATED_LOG = (
    "2000-01-01T00:00:00.000000000Z stdout F "
    "This pod runs on a simulated node: no container was started, so there is no output.\n"
)
_POD_CIDR = "10.244.0.0/16"
# Client limits of the controllers: the default of 20 requests a second makes a hundred models wait for nothing.
_REQUESTS_PER_SECOND, _REQUEST_BURST = 200, 400


@dataclass(frozen=True, kw_only=True)
class Component:
    """One process to run.

    Attributes:
        name: Name in logs, pid records and messages.
        arguments: Program and arguments; no secret is among them, only paths.
    """

    name: str
    arguments: tuple[str, ...]


def storage(layout: Layout, record: Record, find_tool: Callable[[str], Path]) -> Component:
    """Render etcd.

    It does not wait for the disk after writes: a crash of the whole machine may lose the data of a rehearsal, in
    exchange the cluster is fast on any disk. Clients and peers need a certificate, since other users of the machine
    reach loopback too.
    """
    certificates, ports = layout.certificates, record.ports
    peer = f"https://127.0.0.1:{ports.etcd_peer}"
    client = f"https://127.0.0.1:{ports.etcd_client}"
    flags = {
        "name": "rehearsal",
        "data-dir": layout.data,
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"rehearsal={peer}",
        "unsafe-no-fsync": "true",
        "log-level": "warn",
        # A lone member elects itself after one timeout, which the first start waits for.
        "heartbeat-interval": "100",
        "election-timeout": "500",
        "cert-file": certificates / "etcd.crt",
        "key-file": certificates / "etcd.key",
        "trusted-ca-file": certificates / "etcd-ca.crt",
        "client-cert-auth": "true",
        "peer-cert-file": certificates / "etcd.crt",
        "peer-key-file": certificates / "etcd.key",
        "peer-trusted-ca-file": certificates / "etcd-ca.crt",
        "peer-client-cert-auth": "true",
    }
    return _component(ETCD, find_tool, flags)


def api_server(layout: Layout, record: Record, find_tool: Callable[[str], Path]) -> Component:
    """Render the API server: RBAC and the default admission plugins (Pod Security among them), no audit."""
    certificates = layout.certificates
    flags = {
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        # Loopback may not stand in the endpoints of the Service "kubernetes", and simulated pods never call it.
        "endpoint-reconciler-type": "none",
        "secure-port": record.ports.api_server,
        "cert-dir": layout.configuration,
        "etcd-servers": f"https://127.0.0.1:{record.ports.etcd_client}",
        "etcd-cafile": certificates / "etcd-ca.crt",
        "etcd-certfile": certificates / "etcd-client.crt",
        "etcd-keyfile": certificates / "etcd-client.key",
        "authorization-mode": "Node,RBAC",
        "allow-privileged": "true",
        "profiling": "false",
        "service-cluster-ip-range": SERVICE_CIDR,
        "client-ca-file": certificates / "ca.crt",
        "tls-cert-file": certificates / "api-server.crt",
        "tls-private-key-file": certificates / "api-server.key",
        "kubelet-client-certificate": certificates / "kubelet-client.crt",
        "kubelet-client-key": certificates / "kubelet-client.key",
        # The name of a simulated node resolves nowhere; its address is where kwok answers.
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": certificates / SERVICE_ACCOUNT_PUBLIC_KEY,
        "service-account-signing-key-file": certificates / SERVICE_ACCOUNT_KEY,
        "requestheader-client-ca-file": certificates / "front-proxy-ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "proxy-client-cert-file": certificates / "front-proxy-client.crt",
        "proxy-client-key-file": certificates / "front-proxy-client.key",
        **_feature_gates(record),
    }
    return _component(API_SERVER, find_tool, flags)


def controllers(layout: Layout, record: Record, find_tool: Callable[[str], Path]) -> tuple[Component, ...]:
    """Render what runs once the API server answers: controller manager, scheduler, kwok, rehearsal controller."""
    return (
        _component(CONTROLLER_MANAGER, find_tool, _controller_manager_flags(layout, record)),
        _component(SCHEDULER, find_tool, {**_client_flags(layout, SCHEDULER), **_feature_gates(record)}),
        _component(KWOK, find_tool, _kwok_flags(layout, record)),
        Component(name=REHEARSAL_CONTROLLER, arguments=_rehearsal_controller(layout, record)),
    )


def _client_flags(layout: Layout, component: str) -> dict[str, object]:
    return {
        "kubeconfig": component_kubeconfig(layout, component),
        # No port of its own and nobody to share the work with.
        "secure-port": 0,
        "leader-elect": "false",
        "kube-api-qps": _REQUESTS_PER_SECOND,
        "kube-api-burst": _REQUEST_BURST,
    }


def _controller_manager_flags(layout: Layout, record: Record) -> dict[str, object]:
    return {
        **_client_flags(layout, CONTROLLER_MANAGER),
        "use-service-account-credentials": "true",
        "root-ca-file": layout.certificates / "ca.crt",
        "service-account-private-key-file": layout.certificates / SERVICE_ACCOUNT_KEY,
        "cluster-signing-cert-file": layout.certificates / "ca.crt",
        "cluster-signing-key-file": layout.certificates / "ca.key",
        **_feature_gates(record),
    }


def _kwok_flags(layout: Layout, record: Record) -> dict[str, object]:
    return {
        "kubeconfig": component_kubeconfig(layout, KWOK),
        "config": layout.configuration / "kwok.yaml",
        "manage-all-nodes": "false",
        "manage-nodes-with-annotation-selector": "kwok.x-k8s.io/node=fake",
        # Without leases the controller manager takes every node for lost after 50 seconds (its default grace period).
        "node-lease-duration-seconds": 40,
        "cidr": _POD_CIDR,
        "node-ip": "127.0.0.1",
        "node-port": record.ports.kwok,
        "server-address": f"127.0.0.1:{record.ports.kwok}",
        "tls-cert-file": layout.certificates / "kwok.crt",
        "tls-private-key-file": layout.certificates / "kwok.key",
    }


def _rehearsal_controller(layout: Layout, record: Record) -> tuple[str, ...]:
    options = record.options
    return (
        sys.executable,
        "-m",
        "rehearsal.controller",
        f"--server={server_url(record.ports.api_server)}",
        f"--certificates={layout.certificates}",
        f"--bind-delay={_delay(options.bind_delay_seconds)}",
        f"--address-delay={_delay(options.address_delay_seconds)}",
        *(f"--storage-class={storage_class.name}" for storage_class in options.storage_classes),
    )


def write_kwok_configuration(layout: Layout) -> None:
    """Write kwok's configuration: the stages, and one text that `kubectl logs` shows for every simulated pod."""
    log = layout.configuration / "simulated.log"
    write_private(log, _SIMULATED_LOG.encode())
    logs = {
        "kind": "ClusterLogs",
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "metadata": {"name": "simulated"},
        "spec": {"logs": [{"logsFile": str(log)}]},
    }
    text = f"{_STAGES.read_text(encoding='utf-8')}---\n{yaml.safe_dump(logs)}"
    write_private(layout.configuration / "kwok.yaml", text.encode())


def _feature_gates(record: Record) -> dict[str, object]:
    gates = ",".join(f"{name}={str(on).lower()}" for name, on in sorted(record.options.feature_gates.items()))
    return {"feature-gates": gates} if gates else {}


def _delay(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:g}"


def _component(name: str, find_tool: Callable[[str], Path], flags: Mapping[str, object]) -> Component:
    arguments = (str(find_tool(name)), *(f"--{flag}={value}" for flag, value in flags.items()))
    return Component(name=name, arguments=arguments)
