"""Opening TCP connections within a deadline: the look-up of a name, too, which no socket timeout bounds."""

import queue
import socket
import threading
import time
from typing import Final

from .deadline import Deadline

LOOK_SECONDS: Final = 0.2
"""Pause between two looks at the deadline while a name is looked up."""

_Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


def connected(host: str, port: int, deadline: Deadline, limit_seconds: float) -> socket.socket:
    """Return a connection to the first address of a host that takes one.

    Args:
        host: name or address.
        port: TCP port.
        deadline: bounds everything; a request to stop ends the wait, and later what the connection waits for.
        limit_seconds: longest wait for the name servers, and for each address.

    Raises:
        OSError: the name is unknown, or no address takes the connection.
        ValueError: no name of a host.
        AgentError: the deadline passed, or stop.
    """
    failure = OSError(f"{host} has no address")
    for family, address in _addresses(host, port, deadline, limit_seconds):
        connection = socket.socket(family, socket.SOCK_STREAM)
        deadline.watch(connection)
        try:
            connection.settimeout(deadline.timeout_seconds(limit_seconds))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            failure = error
            connection.close()
        except BaseException:  # the deadline passed, or stop
            connection.close()
            raise
        else:
            return connection
    raise failure


def _addresses(host: str, port: int, deadline: Deadline, limit_seconds: float) -> list[_Address]:
    """Look a name up in a thread of its own: ``getaddrinfo`` can be neither bounded nor interrupted, only left."""
    answers: queue.SimpleQueue[list[_Address] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
            answers.put([(family, address) for family, _, _, _, address in found])
        except Exception as error:  # noqa: BLE001  # raised where the answer is awaited
            answers.put(error)

    threading.Thread(target=ask, daemon=True, name="look-up").start()
    end = time.monotonic() + limit_seconds
    while time.monotonic() < end:
        try:
            answer = answers.get(timeout=deadline.timeout_seconds(LOOK_SECONDS))
        except queue.Empty:
            continue
        if isinstance(answer, Exception):
            raise answer
        return answer
    raise OSError(f"no name server answered for {host} within {limit_seconds:g} s")
