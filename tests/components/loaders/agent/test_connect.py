"""A connection that is not handed on is closed."""

import socket

import pytest

from components.loaders.agent import connect
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import StoppedError


def test_stop_between_the_address_and_the_connection_leaks_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    deadline = Deadline(60)
    opened: list[socket.socket] = []

    def addresses(*_: object) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
        deadline.stop("test")
        return [(socket.AF_INET, ("127.0.0.1", 9))]

    monkeypatch.setattr(connect, "_addresses", addresses)
    monkeypatch.setattr(deadline, "watch", opened.append)

    with pytest.raises(StoppedError):
        connect.connected("127.0.0.1", 9, deadline, 1)

    assert [one.fileno() for one in opened] == [-1]
