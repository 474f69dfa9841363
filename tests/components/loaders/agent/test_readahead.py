"""Reading ahead gives the same bytes and errors, and holds a bounded number of pieces."""

import threading
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.loaders.agent.errors import DigestError
from components.loaders.agent.readahead import ReadAhead
from tests.components.loaders.agent.processes import wait_for

PIECES: Final = 5


class Counted:
    """Gives pieces, then an error or the end, and counts its reads."""

    def __init__(self, pieces: list[bytes], error: Exception | None = None) -> None:
        self.left = list(pieces)
        self.error = error
        self.reads = 0

    def read(self) -> bytes:
        self.reads += 1
        if self.left:
            return self.left.pop(0)
        if self.error is not None:
            raise self.error
        return b""


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=3 * PIECES))
def test_same_pieces_in_the_same_order(pieces: list[bytes]) -> None:
    stream = ReadAhead(Counted(pieces), PIECES)

    assert list(iter(stream.read, b"")) == pieces
    assert stream.read() == b""
    stream.close()


def test_an_error_comes_after_what_came_before_it_and_stays() -> None:
    stream = ReadAhead(Counted([b"1", b"2"], DigestError("wrong")), PIECES)

    assert [stream.read(), stream.read()] == [b"1", b"2"]
    for _ in range(2):
        with pytest.raises(DigestError, match="wrong"):
            stream.read()
    stream.close()


def test_no_more_than_the_bound_is_held() -> None:
    source = Counted([b"x"] * 10 * PIECES)
    stream = ReadAhead(source, PIECES)
    wait_for(lambda: source.reads == PIECES + 1)

    threading.Event().wait(0.05)
    assert source.reads == PIECES + 1  # one more waits for its place
    stream.read()
    wait_for(lambda: source.reads == PIECES + 2)
    stream.close()

    assert source.reads == PIECES + 2


def test_closing_ends_the_thread_wherever_it_is() -> None:
    before = threading.active_count()
    for pieces in ([], [b"x"], [b"x"] * 10 * PIECES):
        stream = ReadAhead(Counted(pieces), PIECES)
        stream.close()

    assert threading.active_count() == before
