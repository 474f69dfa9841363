"""Reading in parts: order, bounds and failures, whatever the network does."""

import io
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.loaders.agent import deadline as deadline_module
from components.loaders.agent import ranged
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import AgentError, NetworkError, NotFoundError
from components.loaders.agent.logs import Log
from components.loaders.agent.ranged import RangedBody
from components.loaders.agent.retry import ATTEMPTS
from tests.components.loaders.agent.kits import noise

LOG = Log(io.StringIO())


@dataclass
class Remote:
    """Bytes that are read in ranges, in memory: a stand-in for a store.

    Attributes:
        data: the bytes.
        piece_bytes: most that one read returns.
        failures: what the next opened ranges end with: after how many bytes, and how.
        opened: ranges that were asked for.
        gate: nothing is read while it is not set.
    """

    data: bytes
    piece_bytes: int = 7
    failures: list[tuple[int, AgentError | None]] = field(default_factory=list[tuple[int, AgentError | None]])
    opened: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    gate: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, start: int, end: int) -> "RemoteBody":
        """Start reading a range."""
        with self.lock:
            self.opened.append((start, end))
            failure = self.failures.pop(0) if self.failures else None
        return RemoteBody(self, start, end, failure)


class RemoteBody:
    """A range that is being read."""

    def __init__(self, remote: Remote, start: int, end: int, failure: tuple[int, AgentError | None] | None) -> None:
        self.start = start
        self._remote = remote
        self._left = remote.data[start:end]
        self._failure = failure
        if failure is not None:
            self._left = self._left[: failure[0]]

    def read(self, deadline: Deadline) -> bytes:
        self._remote.gate.wait()
        deadline.check()
        piece, self._left = self._left[: self._remote.piece_bytes], self._left[self._remote.piece_bytes :]
        if not piece and self._failure is not None and self._failure[1] is not None:
            raise self._failure[1]
        return piece

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # pytest uses it
    monkeypatch.setattr(deadline_module, "BASE_SECONDS", 0.0001)


@contextmanager
def sizes(part_bytes: int, slots: int) -> Generator[None]:
    """Use other sizes for a while; at its end every slot is free again."""
    with pytest.MonkeyPatch.context() as patch:
        semaphore = threading.BoundedSemaphore(slots) if slots else threading.Semaphore(0)
        patch.setattr(ranged, "PART_BYTES", part_bytes)
        patch.setattr(ranged, "slots", semaphore)
        yield
        for _ in range(slots):
            assert semaphore.acquire(timeout=5), "a slot was not given back"


def body_of(remote: Remote, start: int = 0, deadline: Deadline | None = None) -> RangedBody:
    """Return the whole body, ready to be read."""
    remote.gate.set()
    return RangedBody(
        remote.open, name="b", start=start, size=len(remote.data), deadline=deadline or Deadline(60), log=LOG
    )


def drain(body: RangedBody) -> bytes:
    """Read to the end."""
    found = bytearray()
    while data := body.read(Deadline(60)):
        found += data
    return bytes(found)


@settings(deadline=None)  # threads take part, and other tests run beside this one
@given(
    size=st.integers(0, 400),
    start=st.integers(0, 400),
    part_bytes=st.integers(1, 90),
    piece_bytes=st.integers(1, 50),
    slots=st.integers(0, 3),
    failures=st.lists(st.tuples(st.integers(1, 20), st.sampled_from([None, "cut"])), max_size=8),
)
def test_any_sizes_and_any_cuts_give_the_same_bytes(  # drawn
    size: int, start: int, part_bytes: int, piece_bytes: int, slots: int, failures: list[tuple[int, str | None]]
) -> None:
    data = noise(size, 3)
    errors: list[tuple[int, AgentError | None]] = [
        (after, NetworkError("cut") if how else None) for after, how in failures
    ]
    remote = Remote(data, piece_bytes=piece_bytes, failures=errors)

    with sizes(part_bytes, slots):
        body = body_of(remote, min(start, size))
        assert drain(body) == data[start:]
        body.close()

    assert all(end - begin <= part_bytes for begin, end in remote.opened)


def test_without_a_free_slot_parts_are_read_one_after_the_other() -> None:
    remote = Remote(noise(100))

    with sizes(10, 0):
        assert drain(body_of(remote)) == remote.data

    assert remote.opened == [(start, start + 10) for start in range(0, 100, 10)]


def test_no_more_parts_are_fetched_than_there_are_slots() -> None:
    remotes = [Remote(noise(200, seed)) for seed in range(3)]

    with sizes(10, 5):
        bodies = [body_of(remote) for remote in remotes]
        for body, remote in zip(bodies, remotes, strict=True):
            assert body.read(Deadline(60)) == remote.data[:7]
        time.sleep(0.2)  # long enough for a part too many to be asked for
        assert sum(len(remote.opened) for remote in remotes) == len(bodies) + 5
        for body, remote in zip(bodies, remotes, strict=True):
            assert drain(body) == remote.data[7:]


def test_error_that_does_not_pass_ends_it_at_its_place() -> None:
    remote = Remote(noise(100), failures=[(100, None), (0, NotFoundError("gone"))])

    with sizes(10, 4):
        body = body_of(remote)
        with pytest.raises(NotFoundError, match="gone"):
            drain(body)
        body.close()


def test_part_that_used_up_its_attempts_says_so_and_stays_worth_another_load() -> None:
    remote = Remote(noise(100), failures=[(0, NetworkError("cut")) for _ in range(ATTEMPTS)])

    with sizes(10, 0):
        with pytest.raises(NetworkError, match="cut") as caught:
            body_of(remote).read(Deadline(60))
        assert (caught.value.spent, caught.value.retriable) == (True, True)
    assert len(remote.opened) == ATTEMPTS


def test_closing_early_gives_every_slot_back() -> None:
    remote = Remote(noise(1000))

    with sizes(10, 4):
        body = body_of(remote)
        body.read(Deadline(60))
        body.close()
        assert body.read(Deadline(60)) == b""


def test_stop_reaches_parts_that_are_being_fetched() -> None:
    remote = Remote(noise(1000))
    deadline = Deadline(60)

    with sizes(10, 4):
        body = body_of(remote, deadline=deadline)
        body.read(deadline)
        deadline.stop("test")
        with pytest.raises(AgentError, match="stopped: test"):
            body.read(deadline)
        body.close()


def test_error_of_no_known_kind_reaches_the_reader() -> None:
    class Odd(Remote):
        def open(self, start: int, end: int) -> RemoteBody:
            if start:
                raise ZeroDivisionError
            return super().open(start, end)

    with sizes(10, 4):
        body = body_of(Odd(noise(100)))
        with pytest.raises(ZeroDivisionError):
            drain(body)
        body.close()
