"""Files below a prefix of an object store as a source: pinned by the digest of the list that lies beside them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .blob import Body, HttpBody
from .deadline import Deadline
from .errors import DigestError, NotFoundError, UnsupportedError
from .filelist import LIST_LIMIT_BYTES, LIST_NAME, ListedFile, chosen, pinned_file_list
from .plan import Latest, Layer, Plan, store_key
from .ranged import PART_BYTES, RangedBody
from .retry import retrying
from .s3address import S3Address
from .s3client import S3Client, StoredObject
from .s3errors import Refusal
from .s3listing import stored_objects
from .transport import Response

SINGLE_BYTES: Final = 2 * PART_BYTES
"""Up to this size an object is read by one request; parts would only add requests."""

_PARTIAL: Final = 206
_NOT_FOUND: Final = 404
_NOT_MODIFIED: Final = 304


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Blob:
    """One object.

    Attributes:
        client: reads it.
        key: of the object.
        name: its path below the prefix.
        digest: what its bytes must be, from the list.
        stored: size and ETag at the time of planning; another ETag is another object, which is refused.
    """

    client: S3Client
    key: str
    name: str
    digest: str
    stored: StoredObject

    @property
    def identity(self) -> str:
        """The digest's hex digits, so that equal files of two versions are moved once."""
        return self.digest.removeprefix("sha256:")

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stored.size

    def open(self, offset: int) -> Body:
        """Start reading: in one request, or in parts if much is left. One attempt, or those of each part.

        Raises:
            DigestError: the object was replaced.
            AgentError: it cannot be read.
        """
        if self.size - offset > SINGLE_BYTES:
            client = self.client
            return RangedBody(
                self._range, name=self.name, start=offset, size=self.size, deadline=client.deadline, log=client.log
            )
        return self._body(offset, self._get({"Range": f"bytes={offset}-"} if offset else {}))

    def _range(self, start: int, end: int) -> Body:
        response = self._get({"Range": f"bytes={start}-{end - 1}"})
        if response.status != _PARTIAL:
            response.close()
            raise UnsupportedError(f"{self.client.place(self.key)}: the store ignores ranges")
        return self._body(start, response)

    def _body(self, offset: int, response: Response) -> Body:
        return HttpBody(response, name=self.name, offset=offset, size=self.size)

    def _get(self, headers: dict[str, str]) -> Response:
        etag = self.stored.etag
        response = self.client.get(self.key, {**headers, "If-Match": etag} if etag else headers)
        found = response.header("ETag")
        if etag and found and found != etag:  # a store or cache that does not know If-Match
            response.close()
            raise DigestError(f"{self.client.place(self.key)}: the object was replaced since it was looked at")
        return response


class S3Source:
    """Loads the files of a list.

    Args:
        client: reads the bucket.
        address: where they are; pinned by the digest of the list.
        filters: patterns of paths; empty for every file.
        listed: the list if it is known already.
    """

    def __init__(
        self, client: S3Client, address: S3Address, filters: tuple[str, ...], listed: bytes | None = None
    ) -> None:
        self._client = client
        self._address = address
        self._filters = filters
        self._listed = listed

    @property
    def key(self) -> str:
        """Name in the store: the digest of the list, and of the filters if there are some."""
        return store_key(self._address.digest, self._filters)

    def plan(self) -> Plan:
        """Read the list, and what the store says of the objects.

        Raises:
            NotFoundError: no list, or an object of it is not there.
            DigestError: the list is not the pinned one.
            UsageError: the filters choose nothing.
        """
        where = self._client.place(self._address.list_key)
        data = self._listed
        if data is None:
            data = retrying(f"list {where}", self._read, self._client.deadline, self._client.log)
        files = chosen(pinned_file_list(data, self._address.digest, where), self._filters, where)
        stored = stored_objects(self._client, self._address.folder, [self._key(file) for file in files])
        return Plan(layers=tuple(self._layer(file, stored[self._key(file)]) for file in files))

    def _key(self, file: ListedFile) -> str:
        return self._address.folder + file.path

    def _read(self) -> bytes:
        response = list_response(self._client, self._address, {})
        try:
            return response.body(self._client.deadline, LIST_LIMIT_BYTES)
        finally:
            response.close()

    def _layer(self, file: ListedFile, stored: StoredObject) -> Layer:
        blob = S3Blob(client=self._client, key=self._key(file), name=file.path, digest=file.digest, stored=stored)
        return Layer(blob=blob, form="raw", compression="", parts=tuple(file.path.split("/")))


class S3Tracked:
    """A prefix whose list may be replaced.

    Args:
        client: makes what reads the bucket within a deadline.
        address: where the list is; a digest in it is of no interest here.
        filters: as for the source.
    """

    def __init__(self, client: Callable[[Deadline], S3Client], address: S3Address, filters: tuple[str, ...]) -> None:
        self._client = client
        self._address = address
        self._filters = filters

    def latest(self, token: str, deadline: Deadline) -> Latest | None:
        """Read the list if it changed (RFC 9110 section 13.1.2). One attempt.

        Raises:
            AgentError: it cannot be read, or is gone.
        """
        client = self._client(deadline)
        response = list_response(client, self._address, {"If-None-Match": token} if token else {})
        try:
            if response.status == _NOT_MODIFIED:
                return None
            data = response.body(deadline, LIST_LIMIT_BYTES)
        finally:
            response.close()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        etag = response.header("ETag") or digest
        if etag == token:  # a store that does not know If-None-Match, or no ETags
            return None
        pinned = S3Address(bucket=self._address.bucket, prefix=self._address.prefix, digest=digest)
        source = S3Source(client, pinned, self._filters, data)
        return Latest(source=source, reference=pinned.at(digest), token=etag)


def list_response(client: S3Client, address: S3Address, headers: dict[str, str]) -> Response:
    """Ask for the list. One attempt.

    Raises:
        NotFoundError: it is not there; says how to make it.
        AgentError: it cannot be read.
    """
    answer = client.ask("GET", address.list_key, headers)
    if not isinstance(answer, Refusal):
        return answer
    if answer.status == _NOT_FOUND and answer.code in {"NoSuchKey", ""}:
        raise NotFoundError(
            f"{client.place(address.list_key)} is not there; in the model's directory run "
            f"`find . -type f ! -name {LIST_NAME} -exec sha256sum {{}} + > {LIST_NAME}`, "
            f"then upload the files and, last, {LIST_NAME} beside them"
        )
    raise answer.error
