"""A blob as a stream that survives broken connections and vouches for its own bytes at the end."""

import hashlib
import re
from typing import Final

from .errors import AgentError, DigestError, NetworkError
from .manifest import Descriptor
from .progress import Progress
from .reference import Reference
from .registry import Registry, allowed_attempts
from .transport import Response

_PARTIAL: Final = 206
_RANGE: Final = re.compile(r"bytes (?P<start>\d+)-\d+/(?P<total>\d+|\*)")


class BlobStream:
    """Reads one blob once, hashing as it goes.

    A cut connection is opened again at the byte it broke at (``Range``, RFC 9110 section 14.2); a server that
    ignores the range is read and skipped up to there. Only bytes that moved the stream on reset the count of failures.

    Args:
        registry: where it comes from.
        reference: repository that has it.
        descriptor: digest and size that must hold.
        progress: told about every byte that came.
    """

    def __init__(self, registry: Registry, reference: Reference, descriptor: Descriptor, progress: Progress) -> None:
        self._registry = registry
        self._reference = reference
        self._descriptor = descriptor
        self._progress = progress
        self._hash = hashlib.sha256()
        self._offset = 0
        self._skip = 0
        self._failures = 0
        self._response: Response | None = None
        self._finished = False

    def read(self) -> bytes:
        """Return the next bytes; empty only once the whole blob has come and is what it should be.

        Raises:
            DigestError: wrong digest, or more bytes than promised.
            NetworkError: too many failures in a row.
        """
        while not self._finished:
            try:
                data = self._attempt()
            except AgentError as error:
                self._recover(error)
                continue
            if data:
                self._failures = 0
                return data
        return b""

    def drain(self) -> None:
        """Read to the end, so that the digest is checked."""
        while self.read():
            pass

    def close(self) -> None:
        """Drop the connection."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def _attempt(self) -> bytes:
        size = self._descriptor.size
        if self._offset == size:
            self._finish()
            return b""
        if self._response is None:
            self._response = self._open()
        data = self._response.read(self._registry.deadline)
        self._progress.add(len(data))
        if not data:
            raise NetworkError(f"blob {self._descriptor.digest}: cut at {self._offset} of {size} bytes")
        if self._skip:
            dropped = min(self._skip, len(data))
            self._skip -= dropped
            data = data[dropped:]
        if self._offset + len(data) > size:
            raise DigestError(f"blob {self._descriptor.digest}: longer than the {size} bytes its manifest promises")
        self._hash.update(data)
        self._offset += len(data)
        return data

    def _open(self) -> Response:
        response = self._registry.open_blob(self._reference, self._descriptor, self._offset)
        partial = _RANGE.fullmatch(response.header("Content-Range")) if response.status == _PARTIAL else None
        total = partial["total"] if partial else response.header("Content-Length")
        problem: AgentError | None = None
        if response.status == _PARTIAL and (partial is None or int(partial["start"]) != self._offset):
            problem = NetworkError(f"blob {self._descriptor.digest}: asked from byte {self._offset}, got another range")
        elif total.isdigit() and int(total) != self._descriptor.size:
            problem = DigestError(
                f"blob {self._descriptor.digest}: the registry has {total} bytes, the manifest promises "
                f"{self._descriptor.size}"
            )
        if problem is not None:
            response.close()
            raise problem
        self._skip = 0 if partial else self._offset
        return response

    def _finish(self) -> None:
        self.close()
        digest = f"sha256:{self._hash.hexdigest()}"
        if digest != self._descriptor.digest:
            raise DigestError(
                f"blob {self._descriptor.digest}: the bytes that came have digest {digest}; they are dropped"
            )
        self._finished = True

    def _recover(self, error: AgentError) -> None:
        self.close()
        self._failures += 1
        if not error.retriable or self._failures >= allowed_attempts(error):
            raise error
        pause = self._registry.deadline.back_off(self._failures, error)
        self._registry.log.warning(
            "resume",
            blob=self._descriptor.digest,
            at_bytes=self._offset,
            of_bytes=self._descriptor.size,
            failures=self._failures,
            paused_seconds=round(pause, 3),
            why=str(error),
        )
