"""What the rehearsal controller decides, without a cluster."""

from __future__ import annotations

import math
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, cast

import pytest

from rehearsal.control_plane.api import ApiClient, ApiError, UnreachableError
from rehearsal.controller import collection as collections
from rehearsal.controller.collection import Collection
from rehearsal.controller.delays import NEVER, Waiting, parse_delay
from rehearsal.controller.volumes import PROVISIONED_BY, finished_volumes, volume_for, waiting_claims

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearsal.control_plane.api import Object

_OURS = "rehearsal.slipway.dev/volumes"


def _class(name: str, *, provisioner: str = _OURS, mode: str = "Immediate") -> Object:
    return {
        "metadata": {"name": name},
        "provisioner": provisioner,
        "volumeBindingMode": mode,
        "reclaimPolicy": "Retain",
    }


def _claim(storage_class: str, *, node: str | None = None, phase: str = "Pending") -> Object:
    annotations = {"volume.kubernetes.io/selected-node": node} if node else None
    spec = {
        "storageClassName": storage_class,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    metadata = {"uid": "u1", "name": "models", "namespace": "team", "annotations": annotations}
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase}}


@pytest.mark.parametrize(
    ("claim", "storage_class", "waits"),
    [
        (_claim("a"), _class("a"), True),
        (_claim("a", phase="Bound"), _class("a"), False),
        (_claim("b"), _class("a"), False),
        (_claim("a"), _class("a", provisioner="other"), False),
        (_claim("named"), _class("named", provisioner="other"), True),
        (_claim("a"), _class("a", mode="WaitForFirstConsumer"), False),
        (_claim("a", node="gpu-0"), _class("a", mode="WaitForFirstConsumer"), True),
    ],
)
def test_which_claims_wait_for_a_volume(claim: Object, storage_class: Object, *, waits: bool) -> None:
    """Unbound, of a class that is ours or was named, and with a node where the class waits for one."""
    assert bool(waiting_claims([claim], [storage_class], frozenset({"named"}))) is waits


def test_volume_follows_claim_and_class() -> None:
    """The volume is bound to the one claim, keeps the class's reclaim policy and leads to no server."""
    volume = volume_for(_claim("a"), _class("a"))

    assert volume["metadata"]["name"] == "pvc-u1"
    assert volume["spec"]["claimRef"]["uid"] == "u1"
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert volume["spec"]["capacity"] == {"storage": "1Gi"}
    assert volume["spec"]["nfs"]["server"].endswith(".invalid")


def test_only_own_released_volumes_are_removed() -> None:
    """Somebody else's volume and one that is to be retained stay."""

    def volume(name: str, *, by: str = _OURS, phase: str = "Released", policy: str = "Delete") -> Object:
        metadata = {"name": name, "annotations": {PROVISIONED_BY: by}}
        return {"metadata": metadata, "spec": {"persistentVolumeReclaimPolicy": policy}, "status": {"phase": phase}}

    volumes = [volume("gone"), volume("bound", phase="Bound"), volume("kept", policy="Retain"), volume("x", by="other")]

    assert finished_volumes(volumes) == ["gone"]


def test_delay_counts_from_the_first_sight() -> None:
    """Each object waits its own time; one that is gone meanwhile starts anew."""
    now = [0.0]
    waiting = Waiting(2.0, clock=lambda: now[0])
    assert waiting.due(["a"]) == (set(), 2.0)
    now[0] = 1.5
    assert waiting.due(["a", "b"]) == (set(), 0.5)
    now[0] = 2.0
    assert waiting.due(["a", "b"]) == ({"a"}, 1.5)
    assert waiting.due(["b"]) == (set(), 1.5)
    assert waiting.due(["a"]) == (set(), 2.0)


def test_never_is_never() -> None:
    """Nothing is ever due, and nothing has to be woken for."""
    assert Waiting(NEVER).due(["a"]) == (set(), math.inf)


def test_delays_are_read_from_text() -> None:
    """Seconds or never."""
    assert parse_delay("2.5") == 2.5
    assert parse_delay("never") == NEVER
    for wrong in ("-1", "nan", "soon"):
        with pytest.raises(ValueError, match=r"seconds|convert"):
            parse_delay(wrong)


class _StopError(Exception):
    """Ends the endless loop of a collection."""


class _Server:
    """Plays an API server that restarts, loses history, and then goes on."""

    def __init__(self) -> None:
        self.lists = 0

    def request(self, method: str, path: str) -> Object:
        assert (method, path) == ("GET", "/things")
        self.lists += 1
        if self.lists == 2:
            raise UnreachableError("restarting")
        if self.lists == 4:
            raise _StopError
        names = ["a", "b"] if self.lists == 1 else ["b"]
        return {"items": [_thing(name) for name in names], "metadata": {"resourceVersion": str(self.lists)}}

    def watch(self, path: str, version: str, *, timeout_seconds: int) -> Iterator[Object]:
        assert path == "/things"
        assert timeout_seconds > 0
        if version == "1":
            yield {"type": "ADDED", "object": _thing("c", "1.1")}
            yield {"type": "DELETED", "object": _thing("a", "1.2")}
            raise UnreachableError("connection lost")
        if version == "3":
            yield {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}
            return
        assert version == "9"
        raise ApiError(410, "WATCH", path, "too old resource version")


def _thing(name: str, version: str = "0") -> Object:
    return {"metadata": {"uid": name, "resourceVersion": version}}


def test_collection_survives_restarts_and_lost_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """After every break it lists again, so nothing that changed meanwhile is missed."""
    seen: list[set[str]] = []
    monkeypatch.setattr(collections, "_FIRST_PAUSE_SECONDS", 0.0)  # the pauses are not under test
    collection = Collection(cast("ApiClient", _Server()), "/things", lambda: seen.append(_names(collection)))

    with pytest.raises(_StopError):
        collection.run()

    assert seen == [{"a", "b"}, {"a", "b", "c"}, {"b", "c"}, {"b"}]


def test_controller_ends_when_the_api_server_is_gone() -> None:
    """It does not outlive its cluster for ever; the time is cut short here."""
    program = textwrap.dedent("""
        from rehearsal.control_plane.api import UnreachableError
        from rehearsal.controller import loop

        class Gone:
            def request(self, *_arguments, **_options):
                raise UnreachableError("gone")

        loop._GONE_SECONDS, loop._LONGEST_SLEEP_SECONDS = 0.5, 0.1
        settings = loop.Settings(bind_delay_seconds=0, address_delay_seconds=0, storage_classes=frozenset())
        loop.Controller(Gone(), settings).run()
    """)

    subprocess.run([sys.executable, "-c", program], check=True, timeout=30, capture_output=True)


def _names(collection: Collection) -> set[str]:
    return {item["metadata"]["uid"] for item in collection.objects()}
