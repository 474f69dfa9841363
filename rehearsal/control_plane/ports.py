"""Free loopback ports for a new cluster."""

from __future__ import annotations

import json
import random
import socket
from typing import TYPE_CHECKING, Any, cast

from rehearsal.control_plane.errors import ClusterError
from rehearsal.control_plane.layout import Ports

if TYPE_CHECKING:
    from pathlib import Path

# Below the range that Linux gives to outgoing connections (32768 and up, net.ipv4.ip_local_port_range), so that a
# stopped cluster finds its ports free again; and clear of NodePorts.
_FIRST, _LAST = 20000, 29999


def choose_ports(clusters: Path) -> Ports:
    """Choose ports that nothing listens on and that no other cluster in the directory has.

    Call it under a lock that lasts until the choice is written down.

    Raises:
        ClusterError: Too few ports are free.
    """
    taken = _recorded(clusters)
    chosen: list[int] = []
    for port in random.sample(range(_FIRST, _LAST + 1), _LAST + 1 - _FIRST):
        if port not in taken and is_free(port):
            chosen.append(port)
        if len(chosen) == len(Ports.model_fields):
            return Ports(**dict(zip(Ports.model_fields, chosen, strict=True)))
    raise ClusterError(f"fewer than {len(Ports.model_fields)} free TCP ports between {_FIRST} and {_LAST} on 127.0.0.1")


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # The same option the Go servers set; without it a connection that just ended looks like a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _recorded(clusters: Path) -> set[int]:
    ports: set[int] = set()
    for path in clusters.glob("*/cluster.json"):
        try:
            record = cast("dict[str, Any]", json.loads(path.read_bytes()))
            ports.update(int(port) for port in cast("dict[str, Any]", record["ports"]).values())
        except (OSError, ValueError, KeyError, AttributeError):
            # A cluster that cannot be read cannot start either; its own commands report it.
            continue
    return ports
