"""Services of type LoadBalancer and Ingresses get addresses from the documentation networks."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import pytest

from rehearsal.control_plane.api import MERGE_PATCH
from rehearsal.controller.addresses import AddressBook, NoAddressLeftError, has_stale_address, wants_address

if TYPE_CHECKING:
    from rehearsal.control_plane.api import Object
    from tests.rehearsal.cluster.helpers import Api


def _service(uid: str, *, kind: str = "LoadBalancer", address: str | None = None) -> Object:
    ingress = [{"ip": address}] if address else None
    return {"metadata": {"uid": uid}, "spec": {"type": kind}, "status": {"loadBalancer": {"ingress": ingress}}}


def test_every_object_gets_an_address_of_its_own() -> None:
    """No address twice, the same one when asked again, and one that was given before is kept."""
    book = AddressBook()
    book.keep([_service("a", address="203.0.113.1"), _service("b")])

    assert book.give("b") == book.give("b") == "203.0.113.2"
    assert book.give("a") == "203.0.113.1"


def test_address_of_a_removed_object_is_free_again() -> None:
    """What is gone holds nothing."""
    book = AddressBook()
    book.keep([_service("a", address="203.0.113.1")])
    book.keep([])

    assert book.give("b") == "203.0.113.1"


def test_addresses_end() -> None:
    """Two networks of 254 hosts; the next one is refused in words."""
    book = AddressBook()
    for number in range(508):
        book.give(str(number))

    with pytest.raises(NoAddressLeftError, match="all addresses"):
        book.give("one more")


def test_who_waits() -> None:
    """Only load balancers without an address, and an address outlives a change of type only until it is seen."""
    assert wants_address(_service("a"))
    assert not wants_address(_service("a", address="203.0.113.1"))
    assert not wants_address(_service("a", kind="ClusterIP"))
    assert has_stale_address(_service("a", kind="ClusterIP", address="203.0.113.1"))
    assert not has_stale_address(_service("a", kind="ClusterIP", address="192.0.2.1"))


@pytest.mark.engine
def test_service_gets_an_address_and_loses_it(api: Api) -> None:
    """The address comes with type LoadBalancer and goes with it."""
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    api.create("services", {"metadata": {"name": "web"}, "spec": spec})

    found = api.wait("services", "web", lambda service: service["status"]["loadBalancer"].get("ingress"))

    address = ipaddress.ip_address(found["status"]["loadBalancer"]["ingress"][0]["ip"])
    assert any(address in ipaddress.ip_network(text) for text in ("203.0.113.0/24", "198.51.100.0/24"))
    change = {"spec": {"type": "ClusterIP"}}
    api.client.request("PATCH", f"{api.path('services')}/web", change, content_type=MERGE_PATCH)
    api.wait("services", "web", lambda service: not service["status"]["loadBalancer"].get("ingress"))


@pytest.mark.engine
def test_ingress_gets_an_address(api: Api) -> None:
    """An Ingress is served by the same stand-in."""
    group = "/apis/networking.k8s.io/v1"
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    api.create("ingresses", {"metadata": {"name": "web"}, "spec": {"defaultBackend": backend}}, group)

    api.wait("ingresses", "web", lambda ingress: ingress["status"]["loadBalancer"].get("ingress"), group)
