"""Reading requests to one bucket: signed, without redirects, every refusal an AgentError."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from .awscredentials import AwsCredentialsFile
from .deadline import Deadline
from .errors import NetworkError
from .logs import Log
from .s3address import S3Endpoint
from .s3errors import ERROR_LIMIT_BYTES, Refusal, refusal_of
from .sigv4 import signed_headers
from .transport import Response, Transport, place

_FINE: Final = frozenset({200, 206, 304})


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    """What a store says of an object.

    Attributes:
        size: bytes.
        etag: name of this content, with its quotes; another content has another one.
    """

    size: int
    etag: str


class S3Client:
    """Reads one bucket.

    Args:
        transport: how the store is reached.
        endpoint: how objects are addressed.
        credentials: read at every request.
        deadline: bounds everything.
        log: told about retries.
    """

    def __init__(
        self,
        transport: Transport,
        endpoint: S3Endpoint,
        credentials: AwsCredentialsFile,
        deadline: Deadline,
        log: Log,
    ) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._credentials = credentials
        self.deadline = deadline
        self.log = log

    def place(self, key: str) -> str:
        """Return an object's address for messages."""
        return place(self._endpoint.url(key))

    def get(self, key: str, headers: Mapping[str, str]) -> Response:
        """GET an object. One attempt.

        Raises:
            AuthError: refused.
            NotFoundError: not there.
            DigestError: not as it was any more.
            UsageError: the bucket is to be asked otherwise.
            NetworkError: anything else but success.
        """
        answer = self.ask("GET", key, headers)
        if isinstance(answer, Refusal):
            raise answer.error
        return answer

    def head(self, key: str) -> StoredObject:
        """Ask for size and ETag of an object. One attempt.

        Raises:
            AgentError: as ``get``.
        """
        answer = self.ask("HEAD", key, {})
        if isinstance(answer, Refusal):
            raise answer.error
        answer.close()
        size = answer.header("Content-Length")
        if not size.isdigit():
            raise NetworkError(f"{self.place(key)}: the store does not say how large it is")
        return StoredObject(size=int(size), etag=answer.header("ETag"))

    def ask(
        self,
        method: Literal["GET", "HEAD"],
        key: str,
        headers: Mapping[str, str],
        query: Iterable[tuple[str, str]] = (),
    ) -> Response | Refusal:
        """Ask for an object, or with an empty key for the bucket. One attempt.

        Raises:
            AuthError: the credentials cannot be read.
            NetworkError: no answer.
        """
        url = self._endpoint.url(key, query)
        credentials = self._credentials.read()
        now = datetime.now(UTC)
        sent = headers
        if credentials is not None:
            sent = signed_headers(method, url, headers, self._endpoint.region, credentials, now)
        response = self._transport.ask(method, url, sent)
        if response.status in _FINE:
            return response
        try:
            body = b"" if method == "HEAD" else response.body(self.deadline, ERROR_LIMIT_BYTES)
        finally:
            response.close()
        return refusal_of(response, body, place(url), now)
