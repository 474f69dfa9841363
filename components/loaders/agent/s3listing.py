"""Sizes and ETags of many objects: by listing where that is allowed, one by one where it is not.

Facts: Amazon S3 API Reference, "ListObjectsV2": at most 1000 keys a page, ``NextContinuationToken``,
``encoding-type=url``, which writes a space as ``+``.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import unquote_plus

from .errors import NetworkError, UnsupportedError
from .retry import retrying
from .s3client import S3Client, StoredObject
from .s3errors import Refusal
from .xmlread import leaves

PAGE_LIMIT_BYTES: Final = 16 * 1024 * 1024
"""Longest page that is read: 1000 keys of 1024 bytes, each byte escaped, have 3 MiB and what stands around them."""

PAGE_KEYS: Final = 1000
"""Keys asked for at a time, the most a store gives."""

SPARE_PAGES: Final = 20
"""Pages read beyond what the wanted objects fill; after that a crowded prefix is asked for each object instead."""

HEADS_AT_A_TIME: Final = 8

_NO_LISTING: Final = frozenset({"AccessDenied", "MethodNotAllowed", "NotImplemented"})


def stored_objects(client: S3Client, folder: str, keys: Sequence[str]) -> dict[str, StoredObject]:
    """Return what the store says of each of some objects.

    Args:
        client: reads the bucket.
        folder: what all keys start with.
        keys: the objects.

    Raises:
        NotFoundError: one is not there.
        AgentError: they cannot be asked for.
    """
    wanted = frozenset(keys)
    found = {key: stored for key, stored in _listed(client, folder, wanted) if key in wanted}

    def head(key: str) -> StoredObject:
        return retrying(f"size of {key}", lambda: client.head(key), client.deadline, client.log)

    missing = [key for key in keys if key not in found]
    with ThreadPoolExecutor(HEADS_AT_A_TIME, thread_name_prefix="head") as pool:
        found.update(zip(missing, pool.map(head, missing), strict=True))
    return found


def _listed(client: S3Client, folder: str, wanted: frozenset[str]) -> Iterator[tuple[str, StoredObject]]:
    token = ""
    left = set(wanted)
    for _ in range(SPARE_PAGES + len(wanted) // PAGE_KEYS):
        page = _page(client, folder, token)
        if page is None:
            return
        objects, token = page
        yield from objects
        left.difference_update(key for key, _ in objects)
        if not token or not left:
            return


def _page(client: S3Client, folder: str, token: str) -> tuple[list[tuple[str, StoredObject]], str] | None:
    query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", str(PAGE_KEYS)), ("prefix", folder)]
    if token:
        query.append(("continuation-token", token))

    def once() -> bytes | None:
        answer = client.ask("GET", "", {}, query)
        if isinstance(answer, Refusal):
            if answer.code in _NO_LISTING:
                client.log.info("not-listed", why=str(answer.error))
                return None
            raise answer.error
        try:
            return answer.body(client.deadline, PAGE_LIMIT_BYTES)
        finally:
            answer.close()

    data = retrying(f"list of {client.place(folder)}", once, client.deadline, client.log)
    return None if data is None else _parse(data, client.place(folder))


def _parse(data: bytes, where: str) -> tuple[list[tuple[str, StoredObject]], str]:
    """Return the objects of a page, and the token of the next one if there is one."""
    objects: list[tuple[str, StoredObject]] = []
    fields: dict[str, str] = {}
    outer: dict[str, str] = {}
    for path, text in leaves(data, where):
        kind, _, name = path.removeprefix("ListBucketResult/").partition("/")
        if kind == "Contents" and name:
            fields[name] = text
        elif kind == "Contents":
            objects.append(_object(fields, where))
            fields = {}
        else:
            outer[kind] = text
    if "ListBucketResult" not in outer:
        raise UnsupportedError(f"{where}: the answer is no listing; check --endpoint")
    if outer.get("EncodingType") == "url":
        objects = [(unquote_plus(key, errors="surrogateescape"), stored) for key, stored in objects]
    more = outer.get("IsTruncated") == "true"
    if more and not outer.get("NextContinuationToken"):
        raise NetworkError(f"{where}: the listing breaks off and names no next page")
    return objects, outer["NextContinuationToken"] if more else ""


def _object(fields: dict[str, str], where: str) -> tuple[str, StoredObject]:
    key, size = fields.get("Key", ""), fields.get("Size", "")
    if not key or not size.isdecimal():
        raise UnsupportedError(f"{where}: the listing has an object without key or size")
    return key, StoredObject(size=int(size), etag=fields.get("ETag", ""))
