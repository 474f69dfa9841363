"""A blob as a stream that survives broken connections and vouches for its own bytes at the end."""

from collections.abc import Iterator

from .blob import Blob, Body
from .deadline import Deadline
from .errors import AgentError, DigestError, NetworkError
from .hashing import Checksum, HashingBeside
from .logs import Log
from .progress import Progress
from .retry import allowed_attempts


class BlobStream:
    """Reads one blob once, hashing as it goes.

    A cut connection is opened again at the byte it broke at; a server that ignores the offset is read and skipped up
    to there. Only bytes that moved the stream on reset the count of failures.

    Args:
        blob: where it comes from, with the digest and size that must hold.
        deadline: bounds everything.
        log: told about every resumption.
        progress: told about every byte that came.
        beside: most pieces that wait for a thread that hashes them; 0 to hash in ``read``.
    """

    def __init__(  # what every blob needs
        self, blob: Blob, deadline: Deadline, log: Log, progress: Progress, *, beside: int = 0
    ) -> None:
        self._blob = blob
        self._deadline = deadline
        self._log = log
        self._progress = progress
        checksum = Checksum(blob.digest, blob.size)
        self._checksum = HashingBeside(checksum, beside) if beside else checksum
        self._offset = 0
        self._skip = 0
        self._failures = 0
        self._body: Body | None = None
        self._finished = False
        self._beginning: Iterator[bytes] = iter(())

    def begin_with(self, pieces: Iterator[bytes]) -> None:
        """Give what an earlier run left on the disk first, then what comes from the source.

        Only the digest at the end says whether it was the beginning of this blob.
        """
        self._beginning = pieces

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

    def close(self) -> None:
        """Drop the connection and end the thread that hashes."""
        self._drop()
        if isinstance(self._checksum, HashingBeside):
            self._checksum.close()

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    def _attempt(self) -> bytes:
        if begun := next(self._beginning, b""):
            self._deadline.check()
            self._checksum.update(begun)
            self._offset += len(begun)
            return begun
        size = self._blob.size
        if self._offset == size:
            self._finish()
            return b""
        if self._body is None:
            self._body = self._blob.open(self._offset)
            self._skip = self._offset - self._body.start
        data = self._body.read(self._deadline)
        self._progress.add(len(data))
        if not data:
            raise NetworkError(f"blob {self._blob.name}: cut at {self._offset} of {size} bytes")
        if self._skip:
            dropped = min(self._skip, len(data))
            self._skip -= dropped
            data = data[dropped:]
        if self._offset + len(data) > size:
            raise DigestError(f"blob {self._blob.name}: longer than the {size} bytes that are promised")
        self._checksum.update(data)
        self._offset += len(data)
        return data

    def _finish(self) -> None:
        self._drop()
        found = self._checksum.found
        if found != self._checksum.expected:
            raise DigestError(
                f"blob {self._blob.name}: the bytes that came have digest {found}, "
                f"{self._checksum.expected} is promised; they are dropped"
            )
        self._finished = True

    def _recover(self, error: AgentError) -> None:
        self._drop()
        self._failures += 1
        if error.spent or not error.retriable or self._failures >= allowed_attempts(error):
            raise error
        pause = self._deadline.back_off(self._failures, error)
        self._log.warning(
            "resume",
            blob=self._blob.name,
            at_bytes=self._offset,
            of_bytes=self._blob.size,
            failures=self._failures,
            paused_seconds=round(pause, 3),
            why=str(error),
        )
