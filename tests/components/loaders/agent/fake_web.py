"""A stand-in for a web server on loopback: it serves what it is given and misbehaves when told to."""

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar
from urllib.parse import parse_qs, quote, unquote, urlsplit


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    authorization: str
    range: str


@dataclass
class FakeWeb:
    """State shared with the server's threads.

    Attributes:
        files: content by path, unquoted.
        token: bearer token that is needed; empty for none.
        redirect_to: server that files are sent on to, with a signature in the query.
        cut_at: bytes of an answer after which its connection is cut, by path, taken one per GET.
        corrupt: paths whose first byte is flipped, and in how many answers.
        statuses: statuses answered in place of a GET of a file, by path, taken one per request.
        head_status: status of every HEAD, instead of an answer.
        tells_length: whether answers say how long they are.
        takes_ranges: whether ``Range`` is looked at.
        has_validators: whether answers carry an ETag and conditions are looked at.
        on_refusal: called before a request without a good token is answered.
        asked: everything that came.
        sent_bytes: bytes of files that went out; ``counting`` is held while it changes.
    """

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    token: str = ""
    redirect_to: "FakeWeb | None" = None
    cut_at: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    corrupt: dict[str, int] = field(default_factory=dict[str, int])
    statuses: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    head_status: int = 0
    tells_length: bool = True
    takes_ranges: bool = True
    has_validators: bool = True
    on_refusal: Callable[[], object] = lambda: None
    asked: list[Asked] = field(default_factory=list[Asked])
    sent_bytes: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    server: ThreadingHTTPServer | None = None

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        """Address of the root, without the slash."""
        return f"http://{self.host}"

    def start(self) -> None:
        """Listen on a free port and serve."""
        fake = self

        class Handler(_Handler):
            web = fake

        server = self.server = _Server(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    def paths(self, method: str = "GET") -> list[str]:
        """Return the paths that were asked for, in order."""
        return [one.path for one in self.asked if one.method == method]

    def refuse(self, path: str, authorization: str) -> tuple[int, dict[str, str]] | None:
        """Return status and headers of a refusal, or None."""
        del path
        return (401, {}) if self.token and authorization != f"Bearer {self.token}" else None

    def document(self, path: str, query: dict[str, list[str]]) -> tuple[bytes, dict[str, str]] | None:
        """Return an answer that is no file, if the path has one."""
        del path, query
        return None

    def file_of(self, path: str) -> str:
        """Return which file a path means."""
        return path

    def is_elsewhere(self, name: str) -> bool:
        """Return whether a file is redirected, if anything is."""
        del name
        return True

    def told(self, name: str, data: bytes) -> dict[str, str]:
        """Return headers that a file's answer or redirect has besides."""
        del name, data
        return {}

    def missing(self, path: str) -> dict[str, str]:
        """Return the headers of a 404."""
        del path
        return {}


_Web = TypeVar("_Web", bound=FakeWeb)


class Starter:
    """Starts stand-in servers."""

    def __init__(self) -> None:
        self.started: list[FakeWeb] = []

    def start(self, server: _Web) -> _Web:
        """Start one; it ends with the test."""
        self.started.append(server)
        server.start()
        return server

    def stop(self) -> None:
        """Stop them all."""
        for server in self.started:
            server.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: a client that hangs up is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    web: FakeWeb
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Stay quiet."""

    def do_HEAD(self) -> None:
        """Answer as GET, without the body."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer."""
        web = self.web
        parts = urlsplit(self.path)
        path = unquote(parts.path, errors="surrogateescape")
        authorization = self.headers.get("Authorization", "")
        asked = Asked(method=self.command, path=path, authorization=authorization, range=self.headers.get("Range", ""))
        web.asked.append(asked)
        if refusal := web.refuse(path, authorization):
            web.on_refusal()
            self._answer(refusal[0], b"{}", refusal[1])
        elif self.command == "HEAD" and web.head_status:
            self._answer(web.head_status, b"", {})
        elif document := web.document(path, parse_qs(parts.query)):
            self._answer(200, *document)
        else:
            self._file(path)

    def _file(self, path: str) -> None:
        web = self.web
        name = web.file_of(path)
        data = web.files.get(name)
        if data is None:
            self._answer(404, b"{}", web.missing(path))
        elif self.command == "GET" and web.statuses.get(name):
            self._answer(web.statuses[name].pop(0), b"{}", {})
        elif web.redirect_to is not None and web.is_elsewhere(name):
            web.redirect_to.files[f"/store/{name}"] = data
            location = f"{web.redirect_to.base}/store/{quote(name)}?signature=secret"
            self._answer(302, b"", {**web.told(name, data), "Location": location})
        else:
            self._send(name, data)

    def _send(self, name: str, data: bytes) -> None:
        web = self.web
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if web.has_validators and self.headers.get("If-None-Match") == etag:
            self._answer(304, b"", {"ETag": etag})
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")) if web.takes_ranges else None
        start = int(asked[1]) if asked else 0
        if asked and start >= len(data):
            self._answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            return
        last = min(int(asked[2]), len(data) - 1) if asked and asked[2] else len(data) - 1
        body = bytearray(data[start : last + 1])
        headers = {**web.told(name, data), **({"ETag": etag} if web.has_validators else {})}
        if asked:
            headers["Content-Range"] = f"bytes {start}-{last}/{len(data)}"
        if self.command == "GET" and web.corrupt.get(name, 0) and body:
            web.corrupt[name] -= 1
            body[0] ^= 0xFF
        self._answer(206 if asked else 200, bytes(body), headers, cuts=web.cut_at.get(name, []))

    def _answer(self, status: int, body: bytes, headers: dict[str, str], cuts: list[int] | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.web.tells_length or status >= 300:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command == "HEAD":
            return
        end = cuts.pop(0) if cuts else len(body)
        if cuts is not None:
            with self.web.counting:  # before the client can have it, and so can look at the sum
                self.web.sent_bytes += len(body[:end])
        self.wfile.write(body[:end])
        if end < len(body):
            self.close_connection = True
