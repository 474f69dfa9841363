"""Stands in for a cloud load balancer: gives Services and Ingresses an address that leads nowhere."""

from __future__ import annotations

import ipaddress
from itertools import chain
from typing import TYPE_CHECKING, cast

from rehearsal.control_plane.api import block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rehearsal.control_plane.api import Object

# Networks reserved for documentation (RFC 5737): no machine has such an address.
_NETWORKS = (ipaddress.ip_network("203.0.113.0/24"), ipaddress.ip_network("198.51.100.0/24"))


class NoAddressLeftError(Exception):
    """All addresses of the documentation networks are given away."""


def wants_address(item: Object) -> bool:
    """Whether a Service or an Ingress waits for an address."""
    if "deletionTimestamp" in item["metadata"] or addresses(item):
        return False
    return "rules" in item["spec"] or "defaultBackend" in item["spec"] or item["spec"].get("type") == "LoadBalancer"


def addresses(item: Object) -> list[str]:
    """Return the addresses in the status of a Service or an Ingress."""
    entries = cast("list[Object]", block(item, "status", "loadBalancer").get("ingress") or [])
    return [str(entry["ip"]) for entry in entries if "ip" in entry]


def has_stale_address(service: Object) -> bool:
    """Whether a Service kept our address after its type changed; the cloud's controller would take it away."""
    return service["spec"].get("type") != "LoadBalancer" and any(map(_is_ours, addresses(service)))


class AddressBook:
    """Gives each object one address and the same one again, also while its status is not yet written."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def keep(self, items: Iterable[Object]) -> None:
        """Learn the addresses in use, and take back those of objects that are gone or have none to keep."""
        present = {str(item["metadata"]["uid"]): item for item in items}
        self._given = {uid: address for uid, address in self._given.items() if uid in present}
        for uid, item in present.items():
            written = next(filter(_is_ours, addresses(item)), None)
            if written is not None:
                self._given[uid] = written

    def give(self, uid: str) -> str:
        """Return the address of an object.

        Raises:
            NoAddressLeftError: All are in use.
        """
        if uid not in self._given:
            used = set(self._given.values())
            free = next((address for address in _all_addresses() if address not in used), None)
            if free is None:
                raise NoAddressLeftError(f"all addresses of {', '.join(map(str, _NETWORKS))} are in use")
            self._given[uid] = free
        return self._given[uid]


def _all_addresses() -> Iterator[str]:
    return (str(address) for address in chain.from_iterable(network.hosts() for network in _NETWORKS))


def _is_ours(address: str) -> bool:
    return any(ipaddress.ip_address(address) in network for network in _NETWORKS)
