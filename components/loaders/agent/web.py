"""Reading files from one web server, with a bearer token that never goes to another."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from .bearer import BearerFile
from .blob import Body
from .deadline import Deadline
from .errors import AgentError, AuthError, DigestError, NetworkError, NotFoundError, UnsupportedError
from .logs import Log
from .retry import retrying
from .transport import Response, Transport, origin, place
from .widening import HttpRanges, open_widening

OK: Final = 200
NOT_MODIFIED: Final = 304
_PARTIAL: Final = 206
_REFUSED: Final = frozenset({401, 403})
_GONE: Final = frozenset({404, 410})
_UNSATISFIABLE: Final = 416
_TOTAL: Final = re.compile(r"bytes (\d+-\d+|\*)/(?P<total>\d+)")

Explain = Callable[[Response, bool], AgentError | None]
"""Says what a server's refusal means, given whether a token was sent; None for what is the same everywhere."""


def _unexplained(_response: Response, _with_token: bool) -> None:  # noqa: FBT001  # as ``Explain`` calls it
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Web:
    """One server.

    Attributes:
        transport: how it is reached.
        deadline: bounds everything.
        log: told about retries.
        base: address whose origin may see the token.
        bearer: the token's file.
        explain: what the server's own refusals mean.
    """

    transport: Transport
    deadline: Deadline
    log: Log
    base: str
    bearer: BearerFile
    explain: Explain = _unexplained

    def request(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        method: Literal["GET", "HEAD"] = "GET",
        also: tuple[int, ...] = (),
    ) -> Response:
        """Ask once; the token goes along if the address has the server's origin, and stays behind at redirects.

        Args:
            url: address.
            headers: of the request.
            method: what to ask for.
            also: statuses that are answers as well, beside 200 and 206.

        Raises:
            AuthError: refused.
            NotFoundError: not there.
            NetworkError: anything else but success.
        """
        token = self.bearer.headers() if origin(url) == origin(self.base) else {}
        ask = self.transport.get if method == "GET" else self.transport.head
        response = ask(url, {**headers, **token})
        if response.status in {OK, _PARTIAL, *also}:
            return response
        response.close()
        raise self._refusal(response, url, with_token=bool(token))

    def document(self, url: str, what: str, limit_bytes: int) -> tuple[bytes, Response]:
        """Return a whole body, trying again, and the answer it came with.

        Raises:
            AgentError: it cannot be had.
        """

        def once() -> tuple[bytes, Response]:
            response = self.request(url, {})
            try:
                return response.body(self.deadline, limit_bytes), response
            finally:
                response.close()

        return retrying(what, once, self.deadline, self.log)

    def size_bytes(self, url: str, name: str) -> int:
        """Return a file's size: from HEAD, or from a GET of its first byte where HEAD does not tell; tries again.

        Raises:
            UnsupportedError: the server does not say.
        """

        def once() -> int:
            size = self._size_by_head(url)
            return self._size_by_get(url, name) if size is None else size

        return retrying(f"size of {name}", once, self.deadline, self.log)

    def _size_by_head(self, url: str) -> int | None:
        response = self.transport.head(url, self.bearer.headers() if origin(url) == origin(self.base) else {})
        response.close()
        length = response.header("Content-Length")
        return int(length) if response.status == OK and length.isdigit() and _is_plain(response) else None

    def _size_by_get(self, url: str, name: str) -> int:
        response = self.request(url, {"Range": "bytes=0-0"}, also=(_UNSATISFIABLE,))
        response.close()
        length = response.header("Content-Length")
        part = _TOTAL.fullmatch(response.header("Content-Range"))
        if response.status == OK and length.isdigit() and _is_plain(response):
            return int(length)
        if response.status != OK and part is not None:
            return int(part["total"])
        raise UnsupportedError(
            f"{name}: the server tells no size, neither to HEAD nor to a Range; serve it as a plain file, uncompressed"
        )

    def _refusal(self, response: Response, url: str, *, with_token: bool) -> AgentError:
        where = f"{place(response.url)}: HTTP {response.status}"
        if origin(response.url) != origin(url):
            # Storage behind a redirect: a signed address may have run out, asking the server again helps.
            return NetworkError(f"{where} from the storage the server redirects to")
        if explained := self.explain(response, with_token):
            return explained
        if response.status in _REFUSED:
            help_ = "renew the token in the file of --credentials" if with_token else "give a token with --credentials"
            return AuthError(f"{where}; {help_}")
        if response.status in _GONE:
            return NotFoundError(f"{where}; the server does not have it, check the reference")
        if response.status == _UNSATISFIABLE:
            return DigestError(f"{where}; the file is shorter than it was")
        wait = response.header("Retry-After")
        return NetworkError(where, retry_after_seconds=float(wait) if wait.isdigit() else 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class WebBlob:
    """One file of a server.

    Attributes:
        web: how it is read.
        url: its address.
        name: its path, for messages.
        digest: what its bytes must be.
        identity: equal identities mean equal bytes.
        size: bytes.
    """

    web: Web
    url: str
    name: str
    digest: str
    identity: str
    size: int

    def open(self, offset: int) -> Body:
        """Start reading; the answer may be whole or a part. One attempt.

        Raises:
            AgentError: it cannot be read.
        """
        ask = partial(self.web.request, self.url)
        return open_widening(
            HttpRanges(ask=ask, name=self.name, size=self.size), offset, self.web.deadline, self.web.log
        )


def _is_plain(response: Response) -> bool:
    """Return whether the body is the file itself, not a compressed form of it with another length."""
    return response.header("Content-Encoding").lower() in {"", "identity"}
