"""Stand-ins for runtimes: small servers that behave as the documentation and source of the real ones say.

None of a runtime's code runs here. A model is a directory whose files all begin with its tag, so a server that has read
two versions at once shows; a tag that begins with ``bad`` cannot be loaded.
"""

import json
import socket
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

Reply = tuple[int, object]


class UnloadableError(Exception):
    """A model that no stand-in can load."""


def tags_of(directory: Path) -> set[str]:
    """Return the tags in all files below a directory.

    Raises:
        UnloadableError: there is none, or a bad one.
    """
    tags = {path.read_text().partition(" ")[0] for path in sorted(directory.rglob("*")) if path.is_file()}
    if not tags or any(tag.startswith("bad") for tag in tags):
        raise UnloadableError(f"cannot load {sorted(tags)}")
    return tags


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class StandIn(ABC):
    """A server on loopback that can be stopped and started again at its port.

    Attributes:
        loads: models that were really read.
        requests: everything that came.
    """

    kind: ClassVar[str]

    def __init__(self) -> None:
        self.loads = 0
        self.requests: list[Request] = []
        self.lock = threading.Lock()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port_is_open(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    @abstractmethod
    def reply(self, request: Request) -> Reply | None:
        """Return status and JSON; None cuts the connection."""

    def boot(self) -> None:  # noqa: B027  # most stand-ins load nothing before they listen
        """Do what happens before it listens."""

    @property
    @abstractmethod
    def serving(self) -> set[str]:
        """Tags of everything that would answer a request now."""

    def reserve(self) -> None:
        """Choose a port before anything listens there."""
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]

    def start(self) -> None:
        """Load what there is to load, then listen, unless it does already."""
        if self.port_is_open:
            return
        self.boot()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True).start()

    def stop(self) -> None:
        """Close the port; what was in memory is gone."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def die(self) -> None:
        """Stop from within a request, whose connection is cut."""
        server, self._server = self._server, None
        if server is not None:
            server.socket.close()
            threading.Thread(target=server.shutdown, daemon=True).start()


def _handler(owner: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, dict(self.headers.items()), json.loads(data or b"{}"))
            with owner.lock:
                owner.requests.append(request)
                found = owner.reply(request)
            if found is None:
                self.close_connection = True
                return
            status, value = found
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _any  # noqa: N815  # the names that http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class has that name
            """Stay quiet."""

    return Handler
