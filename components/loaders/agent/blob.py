"""What every source is made of: bytes with a known size and digest, readable from any offset."""

import hashlib
import re
from typing import Final, Protocol

from .deadline import Deadline
from .errors import AgentError, DigestError, NetworkError
from .transport import Response

_PARTIAL: Final = 206
_RANGE: Final = re.compile(r"bytes (?P<start>\d+)-(?P<last>\d+)/(?P<total>\d+|\*)")


class Body(Protocol):
    """The bytes of a blob from some offset to its end."""

    @property
    def start(self) -> int:
        """Offset of the first byte; 0 where the offset that was asked for is ignored."""
        ...

    def read(self, deadline: Deadline) -> bytes:
        """Return the next bytes; empty at the end or where the connection was closed.

        Raises:
            AgentError: they cannot be had.
        """
        ...

    def close(self) -> None:
        """Free what is held."""
        ...


class Blob(Protocol):
    """One thing to move.

    Attributes:
        name: for messages and logs: a digest or a path, never an address with a query.
        digest: what the bytes must be, ``sha256:<hex>``, ``git-sha1:<hex>`` (a git blob's name) or ``md5:<hex>``;
            empty where the source vouches for the size only.
        identity: equal identities mean equal bytes; 64 hex digits.
        size: bytes.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  # described above
    @property
    def digest(self) -> str: ...  # noqa: D102  # described above
    @property
    def identity(self) -> str: ...  # noqa: D102  # described above
    @property
    def size(self) -> int: ...  # noqa: D102  # described above

    def open(self, offset: int) -> Body:
        """Start reading at an offset. One attempt.

        Raises:
            AgentError: it cannot be read.
        """
        ...


class HttpBody:
    """The body of an answer to a GET with ``Range`` (RFC 9110 section 14.2).

    Attributes:
        start: offset of its first byte.
        end: offset behind its last byte.

    Args:
        response: the answer, whole (200) or a part (206).
        name: of the blob, for messages.
        offset: first byte that was asked for.
        size: bytes the blob must have.

    Raises:
        NetworkError: a range came that begins elsewhere.
        DigestError: the server has another size.
    """

    def __init__(self, response: Response, *, name: str, offset: int, size: int) -> None:
        partial = _RANGE.fullmatch(response.header("Content-Range")) if response.status == _PARTIAL else None
        total = partial["total"] if partial else response.header("Content-Length")
        problem: AgentError | None = None
        if response.status == _PARTIAL and (partial is None or int(partial["start"]) != offset):
            problem = NetworkError(f"{name}: asked from byte {offset}, got another range")
        elif total.isdigit() and int(total) != size:
            problem = DigestError(f"{name}: the server has {total} bytes, {size} are promised")
        if problem is not None:
            response.close()
            raise problem
        self._response = response
        self.start = offset if partial else 0
        self.end = int(partial["last"]) + 1 if partial else size

    def read(self, deadline: Deadline) -> bytes:
        """Return what has come."""
        return self._response.read(deadline)

    def close(self) -> None:
        """Drop the connection."""
        self._response.close()


def identity(*parts: str) -> str:
    """Return 64 hex digits that stand for some texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
