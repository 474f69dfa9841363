"""A large blob over one connection, and over several once the first part has shown that one connection is slow.

Storage behind registries and hubs often limits a connection, not a client, and a disk takes more than one brings. A
fast link is left alone: more connections would only cost processor time.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .blob import Body, HttpBody
from .deadline import Deadline
from .errors import NetworkError
from .logs import Log
from .ranged import OpenRange, RangedBody
from .transport import Response

PROBE_BYTES: Final = 32 * 1024 * 1024
"""Size of the first part; enough for TCP to reach its speed."""

LARGE_BYTES: Final = 8 * PROBE_BYTES
"""Blobs, or rests of blobs, below this size come over one connection: they end before more would help."""

FAST_BYTES_PER_SECOND: Final = 256 * 1024 * 1024
"""Speed of all connections together from which they are enough; about what a cloud's network disk writes."""


class _Count:
    """How many large blobs this process reads now: they share the link, the disk and the processor."""

    def __init__(self) -> None:
        self.now = 0
        self._lock = threading.Lock()

    def change(self, by: int) -> None:
        with self._lock:
            self.now += by


_reading: Final = _Count()


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRanges:
    """A blob that is read by GETs.

    Attributes:
        ask: makes one attempt with some headers; raises AgentError.
        name: for messages.
        size: bytes.
    """

    ask: Callable[[dict[str, str]], Response]
    name: str
    size: int

    def part(self, start: int, end: int) -> HttpBody:
        """Start reading from a first byte up to before an end; a server may answer with more."""
        return self._body(start, {"Range": f"bytes={start}-{end - 1}"})

    def rest(self, offset: int) -> HttpBody:
        """Start reading to the end; the answer may be whole or a part."""
        return self._body(offset, {"Range": f"bytes={offset}-"} if offset else {})

    def _body(self, offset: int, headers: dict[str, str]) -> HttpBody:
        return HttpBody(self.ask(headers), name=self.name, offset=offset, size=self.size)


def open_widening(blob: HttpRanges, offset: int, deadline: Deadline, log: Log) -> Body:
    """Start reading at an offset, with a part first if much is left. One attempt.

    Raises:
        AgentError: it cannot be read.
    """
    if blob.size - offset < LARGE_BYTES:
        return blob.rest(offset)
    end = offset + PROBE_BYTES
    probe = blob.part(offset, end)
    return _WideningBody(blob, probe, end, deadline, log) if probe.end == end else probe


class _WideningBody:
    """Reads the first part, then decides.

    Args:
        blob: what is read.
        probe: the first part.
        end: where it ends.
        deadline: bounds everything.
        log: told about the decision for several connections.
    """

    def __init__(self, blob: HttpRanges, probe: HttpBody, end: int, deadline: Deadline, log: Log) -> None:
        self.start = probe.start
        self._blob = blob
        self._body: Body = probe
        self._left = end - probe.start
        self._end = end
        self._deadline = deadline
        self._log = log
        self._waited_seconds = 0.0
        self._is_decided = self._is_closed = False
        _reading.change(1)

    def read(self, deadline: Deadline) -> bytes:
        """Return the next bytes.

        Raises:
            AgentError: they cannot be had.
        """
        if not self._left and not self._is_decided:
            self._body.close()
            self._body = self._rest()
            self._is_decided = True
        if self._is_decided:
            return self._body.read(deadline)
        # Only the waiting counts: a reader that unpacks or writes slowly finds the bytes waiting for it.
        begun = time.monotonic()
        data = self._body.read(deadline)
        self._waited_seconds += time.monotonic() - begun
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Give up what is open."""
        self._body.close()
        if not self._is_closed:
            self._is_closed = True
            _reading.change(-1)

    def _rest(self) -> Body:
        rate = (self._end - self.start) / max(self._waited_seconds, 1e-6)
        blob = self._blob
        if rate >= FAST_BYTES_PER_SECOND / _reading.now:
            return blob.rest(self._end)
        self._log.info("several-connections", blob=blob.name, bytes_per_second=round(rate))
        return RangedBody(
            part_opener(blob), name=blob.name, start=self._end, size=blob.size, deadline=self._deadline, log=self._log
        )


def part_opener(blob: HttpRanges) -> OpenRange:
    """Return what reads parts and takes nothing else for one."""

    def open_range(start: int, end: int) -> HttpBody:
        body = blob.part(start, end)
        if (body.start, body.end) != (start, end):
            body.close()
            raise NetworkError(f"{blob.name}: asked for bytes {start} to {end}, got {body.start} to {body.end}")
        return body

    return open_range
