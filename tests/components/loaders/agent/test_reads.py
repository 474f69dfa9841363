"""A read asks for about what came last: every read takes memory for what it asks."""

from typing import cast

from components.loaders.agent.deadline import Deadline
from components.loaders.agent.transport import FIRST_READ_BYTES, READ_BYTES, Response


class Connection:
    """A connection whose answer comes as fast as a list says."""

    sock = None

    def __init__(self, coming: list[int]) -> None:
        self.coming = coming
        self.asked: list[int] = []
        self.status = 200

    def getresponse(self) -> "Connection":
        return self

    def read1(self, most: int) -> bytes:
        self.asked.append(most)
        return bytes(min(most, self.coming.pop(0)))


def asked(coming: list[int]) -> list[int]:
    """Return what each read asked for."""
    connection = Connection(list(coming))
    response = Response("http://x/", cast("object", connection))  # pyright: ignore[reportArgumentType]  # what it uses of one
    for _ in coming:
        response.read(Deadline(60))
    return connection.asked


def test_fast_connection_is_read_in_large_pieces() -> None:
    found = asked([READ_BYTES] * 6)

    assert found[0] == FIRST_READ_BYTES
    assert found[-1] == READ_BYTES == max(found)


def test_slow_connection_is_read_in_small_pieces_again() -> None:
    found = asked([READ_BYTES] * 6 + [1000] * 6)

    assert found[-1] == FIRST_READ_BYTES == min(found)


def test_half_of_what_is_asked_for_is_enough_to_go_on() -> None:
    assert asked([FIRST_READ_BYTES // 2] * 3) == [FIRST_READ_BYTES] * 3
