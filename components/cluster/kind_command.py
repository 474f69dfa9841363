"""Clusters in Docker through the ``kind`` command line (kind 0.30, "Configuration" and "Quick Start")."""

import json
import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from components.cluster.command import CLONE, LocalClusterError, failed, run
from components.cluster.facts import LocalFacts

_INSTALL_URL: Final = "https://kind.sigs.k8s.io/docs/user/quick-start/"
_CREATE_SECONDS: Final = 900.0  # the node image alone is about 1 GB to pull
_READY: Final = "120s"
_PROBE_SECONDS: Final = 2.0


def find(name: str) -> LocalFacts | None:
    """Return the cluster, running or stopped; None = there is none on this machine.

    Raises:
        LocalClusterError: kind or the container engine is missing, or kind failed.
    """
    _require_tools()
    if name not in _kind("get", "clusters").split():
        return None
    path = kubeconfig_path(name)
    kubeconfig = _kind("get", "kubeconfig", "--name", name)
    _write_private(path, kubeconfig)
    server = _server(kubeconfig)
    return LocalFacts(
        kubeconfig=kubeconfig,
        kubeconfig_path=str(path),
        server=server,
        kubernetes_version="",
        running=_answers(server),
    )


def create(name: str, options: Mapping[str, Any]) -> LocalFacts:
    """Make the cluster, or start its containers again; options of a cluster that exists cannot change.

    Args:
        name: cluster name.
        options: ``config`` = kind's own configuration, ``image`` = node image or None.

    Raises:
        LocalClusterError: kind or the container engine is missing, or one of them failed.
    """
    found = find(name)
    if found is None:
        image = ("--image", options["image"]) if options.get("image") else ()
        path = kubeconfig_path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        arguments = ("create", "cluster", "--name", name, "--kubeconfig", str(path), "--config", "-", "--wait", _READY)
        _kind(*arguments, *image, stdin=json.dumps(options["config"], sort_keys=True))
    elif not found.running:
        nodes = sorted(_kind("get", "nodes", "--name", name).split())
        start = (_engine(), "start", *nodes)
        finished = run(start)
        if finished.code:
            raise failed(start, finished)
    made = find(name)
    if made is None:
        raise LocalClusterError(f"kind made the cluster {name} and does not list it; see `kind get clusters`")
    return made


def delete(name: str) -> None:
    """Remove the cluster and its kubeconfig; nothing happens where there is none.

    Raises:
        LocalClusterError: kind or the container engine is missing, or kind failed.
    """
    _require_tools()
    path = kubeconfig_path(name)
    _kind("delete", "cluster", "--name", name, "--kubeconfig", str(path))
    path.unlink(missing_ok=True)


def kubeconfig_path(name: str) -> Path:
    """Return where the cluster's kubeconfig is kept: ``clusters/kind-<name>`` of the local state."""
    home = os.environ.get("SLIPWAY_HOME")
    return (Path(home) if home else CLONE / ".slipway").resolve() / "clusters" / f"kind-{name}" / "kubeconfig.yaml"


def _engine() -> str:
    return os.environ.get("KIND_EXPERIMENTAL_PROVIDER") or "docker"


def _require_tools() -> None:
    if shutil.which("kind") is None:
        raise LocalClusterError(
            f"cluster type kind needs the `kind` command line, and it is not on PATH: install it from {_INSTALL_URL}, "
            "or use cluster type rehearsal, which needs no Docker"
        )
    engine = _engine()
    fix = f"install and start {engine}, or use cluster type rehearsal, which needs no Docker"
    if shutil.which(engine) is None:
        raise LocalClusterError(f"cluster type kind needs the container engine `{engine}`, it is not on PATH: {fix}")
    if run((engine, "info"), timeout_seconds=60).code:
        raise LocalClusterError(f"cluster type kind needs a running container engine, `{engine} info` failed: {fix}")


def _kind(*arguments: str, stdin: str = "") -> str:
    command = ("kind", *arguments)
    finished = run(command, stdin=stdin, timeout_seconds=_CREATE_SECONDS)
    if finished.code:
        raise failed(command, finished)
    return finished.output


def _server(kubeconfig: str) -> str:
    for line in kubeconfig.splitlines():
        key, _, value = line.strip().partition(" ")
        if key == "server:":
            return value.strip().strip('"')
    raise LocalClusterError("the kubeconfig kind gave names no server; delete the cluster with `kind delete cluster`")


def _answers(server: str) -> bool:
    address = urlsplit(server)
    try:
        with socket.create_connection((address.hostname or "", address.port or 443), timeout=_PROBE_SECONDS):
            return True
    except OSError:
        return False


def _write_private(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
