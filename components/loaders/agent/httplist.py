"""A web server as a source: a list of files that is pinned by its digest, and the files beside it."""

import hashlib
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from .deadline import Deadline
from .errors import UsageError
from .filelist import LIST_LIMIT_BYTES, LIST_NAME, ListedFile, chosen, parse_file_list, pinned_file_list
from .plan import Latest, Layer, Plan, store_key
from .web import NOT_MODIFIED, Web, WebBlob

_REFERENCE: Final = re.compile(
    r"(?P<url>https?://(\[[0-9a-fA-F:.]+\]|[^/\s?#@:\[\]]+)(:\d{1,5})?/[^\s?#@]*[^/\s?#@])(@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_SIZE_THREADS: Final = 8
"""Sizes asked for at the same time; each question is one short connection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpReference:
    """Where a list is, and which one it must be.

    Attributes:
        url: the list's address.
        digest: ``sha256:<hex>`` of the list; empty for whatever it is now.
    """

    url: str
    digest: str

    @property
    def directory(self) -> str:
        """Address the listed paths are below, ending in a slash."""
        return self.url.rpartition("/")[0] + "/"

    def pinned(self, digest: str) -> "HttpReference":
        """Return the same place, pinned."""
        return HttpReference(url=self.url, digest=digest)

    def __str__(self) -> str:
        """Return the reference as it is written."""
        return f"{self.url}@{self.digest}" if self.digest else self.url


def parse_http(value: str, *, pinned: bool) -> HttpReference:
    """Parse ``https://host[:port]/directory/SHA256SUMS[@sha256:…]``.

    Args:
        value: as given; one with a query or a password is not repeated in the error.
        pinned: whether the digest is needed.

    Raises:
        UsageError: it is no such reference, or pins nothing.
    """
    match = _REFERENCE.fullmatch(value)
    if match is None:
        raise UsageError(f"--reference is not https://host/directory/{LIST_NAME}@sha256:…, without user or query")
    if pinned and not match["digest"]:
        raise UsageError(
            f"{value!r} has no @sha256: digest; a list may change between two pods, pin what `sha256sum` says of it"
        )
    return HttpReference(url=match["url"], digest=match["digest"] or "")


class HttpListSource:
    """Loads the files a list names.

    Args:
        web: the server.
        reference: the list; pinned by digest.
        filters: patterns of which a path must match one; empty for all.
        data: the list, if it was read already.
    """

    def __init__(self, web: Web, reference: HttpReference, filters: tuple[str, ...], data: bytes | None = None) -> None:
        self._web = web
        self._reference = reference
        self._filters = filters
        self._data = data

    @property
    def key(self) -> str:
        """Name in the store: the list's digest, and the selection."""
        return store_key(self._reference.digest, self._filters)

    def plan(self) -> Plan:
        """Read the list and ask for every file's size.

        Raises:
            DigestError: the list is not the pinned one.
            UnsupportedError: a file has no size, or the list is none.
        """
        url = self._reference.url
        data = self._data
        if data is None:
            data, _ = self._web.document(url, f"list {url}", LIST_LIMIT_BYTES)
        files = chosen(pinned_file_list(data, self._reference.digest, url), self._filters, url)
        with ThreadPoolExecutor(_SIZE_THREADS, thread_name_prefix="size") as pool:
            return Plan(layers=tuple(pool.map(self._layer, files)))

    def _layer(self, file: ListedFile) -> Layer:
        url = self._reference.directory + quote(os.fsencode(file.path))
        blob = WebBlob(
            web=self._web,
            url=url,
            name=file.path,
            digest=file.digest,
            identity=file.digest.removeprefix("sha256:"),
            size=self._web.size_bytes(url, file.path),
        )
        return Layer(blob=blob, form="raw", compression="", parts=tuple(file.path.split("/")))


class HttpListTracked:
    """A list that may change.

    Args:
        web: gives the server within a deadline.
        reference: the list; a digest in it is ignored.
        filters: as for ``HttpListSource``.
    """

    def __init__(self, web: Callable[[Deadline], Web], reference: HttpReference, filters: tuple[str, ...]) -> None:
        self._web = web
        self._reference = reference
        self._filters = filters

    def latest(self, token: str, deadline: Deadline) -> Latest | None:
        """Ask for the list unless it is unchanged (RFC 9110 section 13.1). One attempt.

        The token is the list's digest, its ETag and its Last-Modified, one per line: a server that has neither
        validator sends the list again, and the digest shows that it is the same.
        """
        web = self._web(deadline)
        digest, etag, modified = (*token.split("\n"), "", "")[:3]
        conditions = {"If-None-Match": etag, "If-Modified-Since": "" if etag else modified}
        headers = {name: value for name, value in conditions.items() if value}
        response = web.request(self._reference.url, headers, also=(NOT_MODIFIED,) if headers else ())
        try:
            if response.status == NOT_MODIFIED:
                return None
            data = response.body(deadline, LIST_LIMIT_BYTES)
        finally:
            response.close()
        found = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if found == digest:
            return None
        parse_file_list(data, self._reference.url)
        pinned = self._reference.pinned(found)
        return Latest(
            source=HttpListSource(web, pinned, self._filters, data),
            reference=str(pinned),
            token="\n".join((found, response.header("ETag"), response.header("Last-Modified"))),
        )
