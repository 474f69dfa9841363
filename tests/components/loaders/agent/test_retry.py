"""What is told of failures that were borne until they could not be any more."""

import socket

import pytest

from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import DeadlineError, NetworkError
from components.loaders.agent.logs import Log
from components.loaders.agent.retry import retrying
from components.loaders.agent.transport import Transport


def test_the_deadline_tells_what_it_was_waiting_for() -> None:
    def action() -> None:
        raise NetworkError("registry.example: connection refused", retry_after_seconds=9)

    with pytest.raises(DeadlineError, match=r"within --deadline-seconds 0\.05.*registry\.example: connection refused"):
        retrying("manifest", action, Deadline(0.05), Log())


def test_a_part_of_the_work_tells_the_time_of_the_whole() -> None:
    whole = Deadline(0.05)
    whole.sleep(0.02)

    with pytest.raises(DeadlineError, match=r"within --deadline-seconds 0\.05;"):
        whole.child(float("inf")).sleep(1)
    with pytest.raises(DeadlineError, match=r"within --deadline-seconds 0\.01;"):
        Deadline(1).child(0.01).sleep(1)


def test_a_host_that_nobody_knows_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference without a registry, such as ``team/kit``, has its first part for a host."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    deadline = Deadline(20)

    with pytest.raises(NetworkError, match="https://team/v2/: Name or service not known; check the host name and DNS"):
        Transport(None, deadline, plain_http=False).get("https://team/v2/", {})
