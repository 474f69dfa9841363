"""A TCP proxy that stands in for a bad network, and for answers a test server does not give by itself."""

import re
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

_T = TypeVar("_T")
_PIECE: Final = 65536
_IDLE_SECONDS: Final = 10.0
_HEAD: Final = re.compile(rb"(?P<head>.*?\r\n\r\n)(?P<rest>.*)", re.DOTALL)


@dataclass
class CuttingProxy:
    """Passes everything on to one server but what it was told to spoil; each fault serves one request.

    Faults are chosen by a text that the request's head must contain, a path or a range for instance.

    Attributes:
        target: port of the server.
        cuts: bytes of the body after which the connection is cut.
        flips: offset in the body of the byte whose lowest bit is flipped.
        answers: whole answers sent in place of the server's.
        pause_seconds: pause before each 64 KiB piece of a body.
        on_answer: called before an answer of ours is sent.
        heads: heads of the requests that came.
        busy: most requests that were answered at one time.
        sent_bytes: bytes of bodies that were passed on.
    """

    target: int
    cuts: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    flips: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    answers: dict[str, list[bytes]] = field(default_factory=dict[str, list[bytes]])
    pause_seconds: float = 0
    on_answer: Callable[[], None] = lambda: None
    heads: list[str] = field(default_factory=list[str])
    busy: int = 0
    sent_bytes: int = 0

    def __post_init__(self) -> None:
        """Listen on a free port."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._now = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        """Address of the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def paths(self, text: str = "") -> list[str]:
        """Return the targets of the requests whose head contains a text."""
        return [head.split(" ", 2)[1] for head in self.heads if text in head]

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                head = self._read_head(client)
                if head:
                    self._answer(client, head)
            except OSError:
                return  # a side that hangs up is what the tests are about

    @staticmethod
    def _read_head(client: socket.socket) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(_PIECE)
            if not piece:
                return b""
            head += piece
        return head

    def _answer(self, client: socket.socket, head: bytes) -> None:
        text = head.decode("latin-1")
        with self._lock:
            self.heads.append(text)
            self._now += 1
            self.busy = max(self.busy, self._now)
            answer = _taken(self.answers, text)
            cut, flip = _taken(self.cuts, text), _taken(self.flips, text)
        try:
            if answer is not None:
                self.on_answer()
                client.sendall(answer)
                return
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                server.sendall(head)
                self._pass_on(client, server, cut, flip)
        finally:
            with self._lock:
                self._now -= 1

    def _pass_on(self, client: socket.socket, server: socket.socket, cut: int | None, flip: int | None) -> None:
        begun, done, in_body = b"", 0, False
        while piece := _next_piece(client, server):
            if not in_body:
                begun += piece
                match = _HEAD.fullmatch(begun)
                if match is None:
                    continue
                client.sendall(match["head"])
                in_body, piece = True, match["rest"]
            time.sleep(self.pause_seconds)
            if flip is not None and done <= flip < done + len(piece):
                piece = bytes(byte ^ 1 if done + at == flip else byte for at, byte in enumerate(piece))
            if cut is not None and done + len(piece) >= cut:
                client.sendall(piece[: cut - done])
                return
            client.sendall(piece)
            done += len(piece)
            with self._lock:
                self.sent_bytes += len(piece)


def _next_piece(client: socket.socket, server: socket.socket) -> bytes:
    """Return what the server sends; empty once it ends, the client hangs up, or nothing happens any more."""
    ready, _, _ = select.select([client, server], [], [], _IDLE_SECONDS)
    return server.recv(_PIECE) if server in ready else b""


def _taken(faults: dict[str, list[_T]], head: str) -> _T | None:
    for text, left in faults.items():
        if text in head and left:
            return left.pop(0)
    return None


def xml_answer(status: str, code: str, more: str = "", headers: str = "") -> bytes:
    """Return an error answer as an object store writes it."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>m</Message>{more}</Error>'
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}".encode()
