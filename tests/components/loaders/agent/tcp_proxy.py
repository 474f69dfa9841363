"""A TCP proxy of the tests that cuts or slows what comes back, knowing no more of HTTP than where a body starts."""

import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Final

_PIECE_BYTES: Final = 4096
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on with 0 s: closing sends a reset instead of an orderly end (socket(7))."""


@dataclass
class TcpProxy:
    """Forwards connections to a port on loopback; its fields may be changed while it runs.

    Attributes:
        target: port of the server.
        marker: bytes in a request's head; faults concern only answers to such requests.
        cuts: body bytes after which the next such answers are cut, one each.
        resets: whether a cut is a reset.
        bytes_per_second: how fast such answers come back; 0 for as fast as they can.
        body_bytes: bytes of such bodies that went through.
        requests: how many such requests there were.
    """

    target: int
    marker: bytes = b"GET "
    cuts: list[int] = field(default_factory=list[int])
    resets: bool = False
    bytes_per_second: int = 0
    body_bytes: int = 0
    requests: int = 0
    _listener: socket.socket | None = None

    def start(self) -> "TcpProxy":
        """Listen and forward."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Take no more connections; those there are end with their clients."""
        if self._listener is not None:
            self._listener.close()

    @property
    def host(self) -> str:
        """Host and port."""
        assert self._listener is not None
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # stopped
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, socket.create_connection(("127.0.0.1", self.target)) as server:
                _Link(self, client, server).run()
        except OSError:
            return  # either side hung up, which is what the tests are about


class _Link:
    """One connection: requests go up as they are, answers come down with the faults."""

    def __init__(self, proxy: TcpProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._marked = False
        self._in_head = False
        self._left = -1

    def run(self) -> None:
        while True:
            ready, _, _ = select.select([self._client, self._server], [], [])
            if self._client in ready:
                data = self._client.recv(65536)
                if not data:
                    return
                self._up(data)
            elif not self._down(self._server.recv(_PIECE_BYTES)):
                return

    def _up(self, data: bytes) -> None:
        if data.startswith((b"GET ", b"HEAD ")):
            self._marked = self._proxy.marker in data
            self._in_head = self._marked
            if self._marked:
                self._proxy.requests += 1
                self._left = self._proxy.cuts.pop(0) if self._proxy.cuts else -1
        self._server.sendall(data)

    def _down(self, data: bytes) -> bool:
        """Pass a piece on and return whether there may be more."""
        if not data or not self._marked:
            self._client.sendall(data)
            return bool(data)
        if self._in_head:
            head, mark, data = data.partition(b"\r\n\r\n")  # an answer's head comes in one piece on loopback
            self._client.sendall(head + mark)
            self._in_head = False
        cut = 0 <= self._left <= len(data)
        passed = data[: self._left] if cut else data
        self._client.sendall(passed)
        self._proxy.body_bytes += len(passed)
        if cut and self._proxy.resets:
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if self._left > 0:
            self._left -= len(passed)
        if self._proxy.bytes_per_second:
            time.sleep(len(data) / self._proxy.bytes_per_second)
        return not cut
