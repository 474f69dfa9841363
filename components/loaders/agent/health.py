"""``/healthz``, ``/readyz`` and ``/metrics`` over HTTP, for the commands that run on."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from .errors import UsageError
from .exposition import CONTENT_TYPE
from .listenaddress import split_address

CLIENT_SECONDS: Final = 10.0
"""Longest wait for a client to send its request or take its answer."""


class Pulse:
    """Whether the main loop still turns: before every step it says how long the step may take."""

    def __init__(self) -> None:
        self._until = float("inf")

    def expect(self, seconds: float) -> None:
        """Say that the next sign of life comes within this time."""
        self._until = time.monotonic() + seconds

    def problem(self) -> str:
        """Return why the loop counts as stuck; empty while it does not."""
        late = time.monotonic() - self._until
        return f"the loop is {late:.0f} s late" if late > 0 else ""


class _Handler(BaseHTTPRequestHandler):
    timeout = CLIENT_SECONDS
    pages: dict[str, Callable[[], tuple[int, str, str]]]

    def do_GET(self) -> None:
        page = self.pages.get(self.path.partition("?")[0])
        status, kind, text = page() if page else (404, "text/plain; charset=utf-8", "not found\n")
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_HEAD = do_GET  # noqa: N815  # the base class looks for this name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Stay quiet: probes come every few seconds."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without looking up a name, which waits for DNS where there is none."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: a prober that hangs up is no event."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def _probe(problem: Callable[[], str]) -> Callable[[], tuple[int, str, str]]:
    def page() -> tuple[int, str, str]:
        why = problem()
        return (503 if why else 200), "text/plain; charset=utf-8", f"{why or 'ok'}\n"

    return page


@contextmanager
def serving(
    listen: str, *, alive: Callable[[], str], ready: Callable[[], str], metrics: Callable[[], str]
) -> Generator[int]:
    """Answer until the end of the block; yield the port.

    Args:
        listen: HOST:PORT; port 0 takes any free one; an empty text listens nowhere.
        alive: why the process should be restarted; empty if it should not.
        ready: why there is no model to serve; empty if there is one.
        metrics: the text for Prometheus.

    Raises:
        UsageError: it cannot listen there.
    """
    if not listen:
        yield 0
        return

    class Handler(_Handler):
        pages = {  # noqa: RUF012  # this class is made for this one server
            "/healthz": _probe(alive),
            "/readyz": _probe(ready),
            "/metrics": lambda: (200, CONTENT_TYPE, metrics()),
        }

    host, port = split_address(listen)
    try:
        server = (_Server6 if ":" in host else _Server)((host, port), Handler)
    except OSError as error:
        raise UsageError(f"--listen {listen}: {error.strerror or error}") from error
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True, name="health").start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
