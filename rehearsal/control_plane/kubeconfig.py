"""Kubeconfig texts with the certificates inside, so that the text alone opens the cluster."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import yaml

from rehearsal.control_plane.layout import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.control_plane.layout import Layout

# Components that talk to the API server with a certificate and a kubeconfig of their own.
_COMPONENTS = ("kube-controller-manager", "kube-scheduler", "kwok")


def server_url(port: int) -> str:
    """Address of the API server."""
    return f"https://127.0.0.1:{port}"


def component_kubeconfig(layout: Layout, component: str) -> Path:
    """Path of a component's own kubeconfig."""
    return layout.configuration / f"{component}.kubeconfig"


def write_kubeconfigs(layout: Layout, port: int) -> None:
    """Write the administrator's kubeconfig and one per component; the certificates must exist."""
    write_private(layout.kubeconfig_path, _render(layout, "admin", port))
    for component in _COMPONENTS:
        write_private(component_kubeconfig(layout, component), _render(layout, component, port))


def _render(layout: Layout, user: str, port: int) -> bytes:
    context = f"slipway-{layout.name}"

    def encoded(file: str) -> str:
        return base64.b64encode((layout.certificates / file).read_bytes()).decode()

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": context,
                "cluster": {"server": server_url(port), "certificate-authority-data": encoded("ca.crt")},
            }
        ],
        "users": [
            {
                "name": context,
                "user": {
                    "client-certificate-data": encoded(f"{user}.crt"),
                    "client-key-data": encoded(f"{user}.key"),
                },
            }
        ],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "current-context": context,
    }
    return yaml.safe_dump(document, sort_keys=False).encode()
