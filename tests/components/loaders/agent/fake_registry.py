"""A fake OCI registry on loopback: it serves what it is given and misbehaves when told to. No real registry code."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def digest_of(data: bytes) -> str:
    """Return the sha256 digest of bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass
class Faults:
    """What goes wrong, by blob digest or for all.

    Attributes:
        cut_at: bytes of an answer after which its connection is cut, taken one per request of that blob.
        corrupt: blobs whose first byte is flipped, and in how many answers.
        statuses: HTTP statuses answered in place of a blob, taken one per request.
        ignore_range: answer 200 with everything to a Range.
        wrong_manifest: serve other bytes for every manifest.
        delay_seconds: pause before each 64 KiB piece.
        held: blobs that are not sent before their event is set.
        cut_manifests: how many manifest answers break off in the middle.
        no_digest_header: manifests come without ``Docker-Content-Digest`` and know no ``If-None-Match``.
    """

    cut_at: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    corrupt: dict[str, int] = field(default_factory=dict[str, int])
    statuses: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    ignore_range: bool = False
    wrong_manifest: bool = False
    delay_seconds: float = 0
    held: dict[str, threading.Event] = field(default_factory=dict[str, threading.Event])
    cut_manifests: int = 0
    no_digest_header: bool = False


@dataclass
class FakeRegistry:
    """State shared with the server's threads.

    Attributes:
        auth: what a pull needs.
        redirect_to: registry that blob requests are sent on to.
        requests: method, path, ``Authorization`` and ``Range`` of everything that came.
        sent_bytes: bytes of blob bodies that went out; ``counting`` is held while it changes.
        sent_manifests: manifest bodies that went out.
        lists_referrers: whether it keeps a list of what refers to a manifest, or leaves that to its clients.
        page_length: entries in one page of such a list.
    """

    auth: Literal["", "basic", "bearer"] = ""
    user: str = "puller"
    password: str = "right-password"  # noqa: S105  # of this fake only
    redirect_to: "FakeRegistry | None" = None
    faults: Faults = field(default_factory=Faults)
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])
    requests: list[tuple[str, str, str, str]] = field(default_factory=list[tuple[str, str, str, str]])
    sent_bytes: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)
    sent_manifests: int = 0
    lists_referrers: bool = False
    page_length: int = 100
    tokens: set[str] = field(default_factory=set[str])
    pause: Callable[[float], object] = threading.Event().wait
    port: int = 0
    server: ThreadingHTTPServer | None = None

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def add_blob(self, data: bytes) -> str:
        """Store a blob and return its digest."""
        self.blobs[digest_of(data)] = data
        return digest_of(data)

    def add_manifest(self, repository: str, data: bytes, *tags: str) -> str:
        """Store a manifest under its digest and tags, and return the digest."""
        for name in (digest_of(data), *tags):
            self.manifests[repository, name] = data
        return digest_of(data)

    def referrers(self, repository: str, digest: str) -> list[dict[str, object]]:
        """Return what refers to a manifest, as an index lists it."""
        found: dict[str, dict[str, object]] = {}
        for (where, _), data in self.manifests.items():
            manifest = json.loads(data)
            if where == repository and manifest.get("subject", {}).get("digest") == digest:
                entry: dict[str, object] = {"mediaType": MANIFEST_TYPE, "digest": digest_of(data), "size": len(data)}
                found[digest_of(data)] = entry | {
                    name: manifest[name] for name in ("artifactType", "annotations") if name in manifest
                }
        return list(found.values())

    def make_server(self) -> ThreadingHTTPServer:
        """Listen on a free port, or after a stop on the same one."""
        registry = self

        class Handler(_Handler):
            fake = registry

        server = _Server(("127.0.0.1", self.port), Handler)
        self.port = server.server_address[1]
        return server

    def start(self) -> None:
        """Listen and serve."""
        server = self.server = self.make_server()
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Stop serving; ``start`` goes on at the same port."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: a client that hangs up is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    fake: FakeRegistry
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Stay quiet."""

    def do_GET(self) -> None:
        """Answer a pull."""
        fake = self.fake
        authorization = self.headers.get("Authorization", "")
        fake.requests.append((self.command, self.path, authorization, self.headers.get("Range", "")))
        self.path, _, query = self.path.partition("?")
        if self.path == "/token":
            self._token(authorization)
        elif not self._allowed(authorization):
            self._challenge()
        elif match := re.fullmatch(r"/v2/(.+)/manifests/(.+)", self.path):
            self._manifest(fake.manifests.get((match[1], match[2])))
        elif match := re.fullmatch(r"/v2/(.+)/blobs/(.+)", self.path):
            self._blob(match[2])
        elif fake.lists_referrers and (match := re.fullmatch(r"/v2/(.+)/referrers/(.+)", self.path)):
            self._referrers(fake.referrers(match[1], match[2]), int(query.removeprefix("from=") or 0))
        else:
            self._answer(404, b"{}")

    def do_HEAD(self) -> None:
        """Answer the same without a body."""
        self.do_GET()

    def _allowed(self, authorization: str) -> bool:
        if self.fake.auth == "basic":
            return authorization == self._basic()
        return not self.fake.auth or authorization.removeprefix("Bearer ") in self.fake.tokens

    def _basic(self) -> str:
        pair = f"{self.fake.user}:{self.fake.password}".encode()
        return "Basic " + base64.b64encode(pair).decode()

    def _token(self, authorization: str) -> None:
        if authorization != self._basic():
            self._answer(401, b"{}")
            return
        token = f"token-{len(self.fake.tokens)}"
        self.fake.tokens.add(token)
        self._answer(200, json.dumps({"token": token}).encode())

    def _challenge(self) -> None:
        header = 'Basic realm="fake"'
        if self.fake.auth == "bearer":
            header = f'Bearer realm="http://{self.fake.host}/token",service="fake",scope="repository:x:pull"'
        self._answer(401, b"{}", {"WWW-Authenticate": header})

    def _manifest(self, data: bytes | None) -> None:
        if data is None:
            self._answer(404, b"{}")
            return
        faults = self.fake.faults
        body = data + b" " if faults.wrong_manifest else data
        digest = digest_of(data)
        headers = {"Content-Type": MANIFEST_TYPE}
        if not faults.no_digest_header:
            headers |= {"Docker-Content-Digest": digest, "ETag": f'"{digest}"'}
            if self.headers.get("If-None-Match") == f'"{digest}"':
                self._answer(304, b"", headers)
                return
        if faults.cut_manifests:
            faults.cut_manifests -= 1
            self.close_connection = True
            self._answer(200, body[: len(body) // 2], headers, promised=len(body))
        else:
            self.fake.sent_manifests += self.command == "GET"
            self._answer(200, body, headers)

    def _referrers(self, found: list[dict[str, object]], start: int) -> None:
        end = start + self.fake.page_length
        page = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": found[start:end]}
        more = {"Link": f'<{self.path}?from={end}>; rel="next"'} if found[end:] else {}
        self._answer(200, json.dumps(page).encode(), {"Content-Type": INDEX_TYPE, **more})

    def _blob(self, digest: str) -> None:
        fake = self.fake
        statuses = fake.faults.statuses.get(digest, [])
        data = fake.blobs.get(digest)
        if statuses:
            self._answer(statuses.pop(0), b"{}")
        elif fake.redirect_to is not None:
            self._answer(307, b"", {"Location": f"http://{fake.redirect_to.host}{self.path}?signature=secret"})
        elif data is None:
            self._answer(404, b"{}")
        else:
            self._send_blob(digest, data)

    def _send_blob(self, digest: str, data: bytes) -> None:
        faults = self.fake.faults
        if digest in faults.held:
            faults.held[digest].wait()
        asked = None if faults.ignore_range else re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        body = bytearray(data[start : int(asked[2]) + 1 if asked and asked[2] else len(data)])
        if faults.corrupt.get(digest, 0) and body:
            faults.corrupt[digest] -= 1
            body[0] ^= 0xFF
        cuts = faults.cut_at.get(digest, [])
        end = cuts.pop(0) if cuts else len(body)
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(data)}")
        self.end_headers()
        for offset in range(0, min(end, len(body)), 65536):
            piece = bytes(body[offset : min(offset + 65536, end)])
            self.fake.pause(faults.delay_seconds)
            with self.fake.counting:  # before the client can have it, and so can look at the sum
                self.fake.sent_bytes += len(piece)
            try:
                self.wfile.write(piece)
            except OSError:
                break
        if end < len(body):
            self.close_connection = True

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, *, promised: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
