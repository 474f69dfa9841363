"""Reading in a thread of its own: the next piece comes and is hashed while the last one is unpacked and written."""

import threading
from collections import deque
from typing import Final

from .bytestream import ByteStream

PIECES: Final = 32
"""Most that wait between a layer's two threads, over all layers that are moved at the same time."""


class ReadAhead:
    """Gives what a stream gives, in the same order, errors too.

    Hashing, writing, receiving and unpacking all release the interpreter's lock (hashlib above 2047 bytes), so two
    threads are enough to use two cores for one layer.

    Args:
        source: belongs to the thread until ``close``.
        pieces: most that wait; with one in the hands of each side they bound the memory.
    """

    def __init__(self, source: ByteStream, pieces: int) -> None:
        self._source = source
        self._most = pieces
        self._pieces: deque[bytes] = deque()
        self._turn = threading.Condition()
        self._closed = False
        self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="read-ahead")
        self._thread.start()

    def read(self) -> bytes:
        """Return the next bytes; empty at the end.

        Raises:
            AgentError: what the stream raised, after everything that came before it.
        """
        with self._turn:
            self._turn.wait_for(lambda: self._pieces or self._ended)
            if self._pieces:
                self._turn.notify_all()
                return self._pieces.popleft()
        if self._error is not None:
            raise self._error
        return b""

    def close(self) -> None:
        """End the thread; a read that is under way is waited for."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._offer(self._source.read()):
                pass
        except BaseException as error:  # noqa: BLE001  # every kind belongs to whoever reads
            self._error = error
        with self._turn:
            self._ended = True
            self._turn.notify_all()

    def _offer(self, piece: bytes) -> bool:
        if not piece:
            return False
        with self._turn:
            self._turn.wait_for(lambda: self._closed or len(self._pieces) < self._most)
            self._pieces.append(piece)
            self._turn.notify_all()
            return not self._closed
