"""A stand-in registry for the loader's benchmark: serves a folder by ``sendfile``, counts, slows down if told.

No registry code: the three read paths of the OCI distribution spec 1.1 ("Pull"), byte ranges, and ``/-/stats`` and
``/-/limit`` for the benchmark itself. Run as ``static_registry.py FOLDER``; the first line it prints is its port.
``FOLDER/manifests/<name>`` and ``FOLDER/blobs/<hex>`` are what it has; any repository has all of it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

_PIECE_BYTES = 4 * 1024 * 1024
_PACED_BYTES = 64 * 1024
_BURST_SECONDS = 0.1
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Stats:
    """What was served since the last reset.

    Attributes:
        requests: GET and HEAD below ``/v2/``.
        sent_bytes: bytes of blobs and manifests that were handed to the kernel.
    """

    requests: int = 0
    sent_bytes: int = 0


class Limits:
    """The speed of the whole link and of each connection, and how often answers are cut."""

    def __init__(self) -> None:
        self.bytes_per_second = 0
        self.each_bytes_per_second = 0
        self.cut_after_bytes = 0
        self.cuts = 0
        self._free_at = 0.0
        self._lock = threading.Lock()

    def wait(self, count: int) -> None:
        """Wait until that many bytes may go out."""
        if not self.bytes_per_second:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - _BURST_SECONDS) + count / self.bytes_per_second
            pause = self._free_at - now
        time.sleep(max(0.0, pause))

    def cut(self) -> int:
        """Return after how many bytes this answer is cut; 0 for not at all."""
        with self._lock:
            if not self.cuts:
                return 0
            self.cuts -= 1
            return self.cut_after_bytes


class Server(ThreadingHTTPServer):
    """The stand-in.

    Args:
        folder: what it serves.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.stats = Stats()
        self.limits = Limits()
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: clients are killed on purpose."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]  # only this server makes handlers

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Stay quiet."""

    def do_HEAD(self) -> None:
        """Answer like GET, without a body."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer."""
        url = urlsplit(self.path)
        if url.path.startswith("/-/"):
            self._control(url.path, {key: int(values[0]) for key, values in parse_qs(url.query).items()})
            return
        with self.server.lock:
            self.server.stats.requests += 1
        folder = self.server.folder
        if url.path == "/v2/":
            self._whole(200, b"{}", "application/json")
        elif found := re.fullmatch(r"/v2/.+/manifests/([\w.:-]+)", url.path):
            self._file(folder / "manifests" / found[1].replace(":", "-"), _MANIFEST_TYPE)
        elif found := re.fullmatch(r"/v2/.+/blobs/sha256:([0-9a-f]{64})", url.path):
            self._file(folder / "blobs" / found[1], "application/octet-stream")
        else:
            self._whole(404, b"{}", "application/json")

    def _control(self, path: str, query: dict[str, int]) -> None:
        server = self.server
        with server.lock:
            said = json.dumps(asdict(server.stats)).encode()
            if path == "/-/limit":
                server.stats = Stats()
                server.limits = Limits()
                vars(server.limits).update(query)
        self._whole(200, said, "application/json")

    def _whole(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def _file(self, path: Path, kind: str) -> None:
        try:
            file = path.open("rb")
        except OSError:
            self._whole(404, b"{}", "application/json")
            return
        with file:
            size = os.fstat(file.fileno()).st_size
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            start = int(asked[1]) if asked else 0
            end = min(size, int(asked[2]) + 1) if asked and asked[2] else size
            self.send_response(206 if asked else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(end - start))
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
            if path.parent.name == "manifests":
                self.send_header("Docker-Content-Digest", path.name.replace("-", ":"))
            self.end_headers()
            if self.command == "GET":
                self._send(file, start, end, self.server.limits.cut() if path.parent.name == "blobs" else 0)

    def _send(self, file: BinaryIO, start: int, size: int, cut: int) -> None:
        limits = self.server.limits
        alone = Limits()
        alone.bytes_per_second = limits.each_bytes_per_second
        end = min(size, start + cut) if cut else size
        piece = _PACED_BYTES if limits.bytes_per_second or limits.each_bytes_per_second else _PIECE_BYTES
        while start < end:
            sent = os.sendfile(self.connection.fileno(), file.fileno(), start, min(piece, end - start))
            start += sent
            with self.server.lock:
                self.server.stats.sent_bytes += sent
            limits.wait(sent)
            alone.wait(sent)
        self.close_connection = self.close_connection or end < size


def main() -> None:
    """Serve until killed."""
    server = Server(Path(sys.argv[1]))
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
