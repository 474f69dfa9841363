"""A large blob read in parts, several at the same time, handed on in order and within a bounded memory.

The part that is being read comes straight from its connection. Parts ahead of it are fetched by threads of their own
and wait in memory, as many as the process has slots for. A part without a slot is fetched when it is its turn, so a
blob never waits for another one's memory.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator
from queue import SimpleQueue
from typing import Final, Protocol

from .blob import Body
from .deadline import Deadline
from .errors import AgentError, NetworkError
from .logs import Log
from .retry import allowed_attempts

PART_BYTES: Final = 8 * 1024 * 1024
"""Size of a part: large enough that asking for it costs little, small enough that many fit into memory."""

PARTS_AHEAD: Final = 4
"""Parts of one blob that are fetched before their turn."""

SLOTS: Final = 8
"""Parts that wait in memory at most, of all blobs together: 64 MiB, and about as much lost between pieces."""

OpenRange = Callable[[int, int], Body]
"""Starts reading from a first byte up to before an end. One attempt; raises AgentError."""

slots = threading.BoundedSemaphore(SLOTS)  # of the process: that is what has the memory


class _Part(Protocol):
    def read(self) -> bytes: ...
    def close(self) -> None: ...


class RangedBody:
    """The bytes of a blob from an offset to its end, read in parts.

    Args:
        open_range: reads some of them.
        name: of the blob, for messages.
        start: offset of the first byte.
        size: bytes of the whole blob.
        deadline: bounds everything.
        log: told about every part that is resumed.
    """

    def __init__(  # what is read, its bounds, and the two that go with every operation
        self, open_range: OpenRange, *, name: str, start: int, size: int, deadline: Deadline, log: Log
    ) -> None:
        self.start = start
        self._open_range = open_range
        self._name = name
        self._next = start
        self._size = size
        self._deadline = deadline
        self._log = log
        self._current: _Part | None = None
        self._ahead: deque[_PartAhead] = deque()

    def read(self, deadline: Deadline) -> bytes:
        """Return the next bytes, in order; empty at the end.

        Raises:
            AgentError: they cannot be had, after every retry that a part is worth.
        """
        while True:
            deadline.check()
            if self._current is None:
                self._current = self._advance()
                if self._current is None:
                    return b""
            data = self._current.read()
            if data:
                return data
            self._current.close()
            self._current = None

    def close(self) -> None:
        """Give up what is fetched ahead, and the connection that is being read."""
        for part in (self._current, *self._ahead):
            if part is not None:
                part.close()
        self._current = None
        self._ahead.clear()
        self._next = self._size

    def _advance(self) -> _Part | None:
        """Return the part whose turn it is, and have the ones after it fetched."""
        part: _Part | None = self._ahead.popleft() if self._ahead else None
        if part is None and self._next < self._size:
            part = _PartNow(self._pieces())
        while len(self._ahead) < PARTS_AHEAD and self._next < self._size and slots.acquire(blocking=False):
            self._ahead.append(_PartAhead(self._pieces()))
        return part

    def _pieces(self) -> Generator[bytes]:
        start = self._next
        self._next = min(start + PART_BYTES, self._size)
        return _pieces(self._open_range, start, self._next, self._name, self._deadline, self._log)


class _PartNow:
    """A part that is read by whoever wants it."""

    def __init__(self, pieces: Generator[bytes]) -> None:
        self._pieces = pieces

    def read(self) -> bytes:
        return next(self._pieces, b"")

    def close(self) -> None:
        self._pieces.close()


class _PartAhead:
    """A part that a thread fetches into memory. It has a slot, which is free again once both sides are done."""

    def __init__(self, pieces: Generator[bytes]) -> None:
        self._pieces = pieces
        self._ready: SimpleQueue[bytes | Exception] = SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._users = 2
        threading.Thread(target=self._fetch, daemon=True, name="part").start()

    def read(self) -> bytes:
        item = self._ready.get()
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._leave()

    def _fetch(self) -> None:
        try:
            for piece in self._pieces:
                if self._closed:
                    break
                self._ready.put(piece)
            self._ready.put(b"")
        except Exception as error:  # noqa: BLE001  # it belongs to the reader, who waits for it
            self._ready.put(error)
        finally:
            self._pieces.close()
            self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            last = self._users == 0
        if last:
            self._ready = SimpleQueue()  # what nobody will read goes before another part comes
            slots.release()


def _pieces(  # a range, its name, and the two that go with every operation
    open_range: OpenRange, start: int, end: int, name: str, deadline: Deadline, log: Log
) -> Generator[bytes]:
    """Yield the bytes of a range, going on where a connection breaks."""
    offset, failures = start, 0
    while offset < end:
        try:
            body = open_range(offset, end)
            try:
                while offset < end:
                    data = body.read(deadline)[: end - offset]
                    if not data:
                        raise NetworkError(f"blob {name}: part cut at byte {offset} of {start} to {end}")
                    offset, failures = offset + len(data), 0
                    yield data
            finally:
                body.close()
        except AgentError as error:
            failures += 1
            if not error.retriable or failures >= allowed_attempts(error):
                error.spent = True  # the stream shall not multiply the attempts
                raise
            pause = deadline.back_off(failures, error)
            log.warning(
                "resume-part",
                blob=name,
                at_bytes=offset,
                of_bytes=end,
                failures=failures,
                paused_seconds=round(pause, 3),
                why=str(error),
            )
