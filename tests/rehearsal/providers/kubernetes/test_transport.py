"""Requests to an API server that misbehaves, played by a small HTTP server."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, cast

import pytest

from rehearsal.providers.kubernetes import transport
from rehearsal.providers.kubernetes.discovery import Discovery
from rehearsal.providers.kubernetes.kubeconfig import Access, Credentials
from rehearsal.providers.kubernetes.objects import Kind
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError, Transport, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Generator

    from rehearsal.providers.codec import Tree

NOBODY = Credentials()
Answer = tuple[int, "Tree | str"]


class Server(ThreadingHTTPServer):
    """Gives the answers of a list in turn, the last one for ever, and keeps what it was asked."""

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[tuple[str, str, str]] = []


class Handler(BaseHTTPRequestHandler):
    """Answers any request."""

    def _answer(self) -> None:
        owner = cast("Server", self.server)
        owner.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answers = owner.answers
        code, body = answers.pop(0) if len(answers) > 1 else answers[0]
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _answer  # noqa: N815  # the names the base class looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""


@contextmanager
def server(
    *answers: Answer, credentials: Credentials = NOBODY, prefix: str = ""
) -> Generator[tuple[Transport, Server]]:
    """A transport to a server with these answers."""
    with Server(list(answers)) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{running.server_port}{prefix}"
        try:
            yield Transport(Access(address, "c", "default", credentials)), running
        finally:
            running.shutdown()
            thread.join()


def test_a_refusal_keeps_the_servers_words() -> None:
    with (
        server((403, {"message": "no", "reason": "Forbidden"})) as (client, _running),
        pytest.raises(ApiError, match=r"^no$") as raised,
    ):
        client.request("GET", "/api/v1")

    assert (raised.value.code, raised.value.reason) == (403, "Forbidden")


def test_an_answer_that_is_no_json_is_shown() -> None:
    with server((502, "Bad gateway\n")) as (client, _running), pytest.raises(ApiError, match="Bad gateway"):
        client.request("GET", "/api/v1")


def test_a_busy_server_is_asked_again() -> None:
    with server((429, {}), (429, {}), (200, {"ok": 1})) as (client, running):
        assert client.request("POST", "/api/v1", None, {}) == {"ok": 1}

    assert len(running.asked) == 3


def test_a_server_that_stays_busy_is_told() -> None:
    with server((429, {"message": "too much"})) as (client, running), pytest.raises(ApiError, match="too much"):
        client.request("GET", "/x")

    assert len(running.asked) == 1 + transport.BUSY_ATTEMPTS


def test_refused_credentials_are_asked_for_once_more() -> None:
    credentials = Credentials(token="t")  # noqa: S106  # a test's token
    with server((401, {}), (200, {}), credentials=credentials) as (client, running):
        client.request("GET", "/api/v1", {"a": "b c"})

    assert running.asked == [("GET", "/api/v1?a=b+c", "Bearer t")] * 2


def test_a_server_below_a_path_is_asked_there() -> None:
    with server((200, {}), prefix="/k8s/clusters/c-1") as (client, running):
        client.request("GET", "/version")

    assert running.asked[0][1] == "/k8s/clusters/c-1/version"


def test_a_dead_address_is_named_with_its_cause() -> None:
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:1: .*refused"):
        Transport(Access("http://127.0.0.1:1", "c", "default", Credentials())).request("GET", "/version")


RESOURCES = {
    "resources": [{"name": "widgets", "kind": "Widget", "namespaced": False}, {"name": "widgets/status", "kind": "X"}]
}


def test_kinds_are_asked_for_once_per_version() -> None:
    with server((200, RESOURCES)) as (client, running):
        discovery = Discovery(client)
        found = [discovery.find(Kind("a.b", "v1", "Widget")).path("", "w") for _ in range(3)]

    assert found == ["/apis/a.b/v1/widgets/w"] * 3
    assert [path for _method, path, _token in running.asked] == ["/apis/a.b/v1"]


def test_a_kind_that_comes_later_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rehearsal.providers.kubernetes.discovery.ASK_AGAIN_SECONDS", 0.0)
    with server((404, {}), (200, RESOURCES)) as (client, _running):
        discovery = Discovery(client)
        with pytest.raises(NoMatchError, match=r'no matches for kind "Widget" in version "a\.b/v1"'):
            discovery.find(Kind("a.b", "v1", "Widget"))

        assert discovery.find(Kind("a.b", "v1", "Widget")).plural == "widgets"


def test_the_scope_of_a_planned_kind_is_known_before_the_server_knows_it() -> None:
    discovery = Discovery(Transport(Access("http://127.0.0.1:1", "c", "default", Credentials())))
    spec = {"group": "a.b", "scope": "Cluster", "names": {"kind": "Widget"}, "versions": [{"name": "v1"}]}
    discovery.plan({"spec": spec})

    assert not discovery.is_namespaced({"apiVersion": "a.b/v1", "kind": "Widget"}, reachable=False)
    assert discovery.is_namespaced({"apiVersion": "a.b/v1", "kind": "Gadget"}, reachable=False)
    assert not discovery.is_namespaced({"apiVersion": "v1", "kind": "Namespace"}, reachable=False)
