"""A small client for the API server of a rehearsal cluster: JSON over one certificate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Object = dict[str, Any]
MERGE_PATCH = "application/merge-patch+json"
_NOT_FOUND, _CONFLICT, _FIRST_ERROR = 404, 409, 400


class ApiError(Exception):
    """The API server refused a request.

    Attributes:
        status: HTTP status.
    """

    def __init__(self, status: int, method: str, path: str, message: str) -> None:
        self.status = status
        super().__init__(f"{method} {path}: HTTP {status}: {message}")

    @property
    def is_not_found(self) -> bool:
        """The object or kind does not exist."""
        return self.status == _NOT_FOUND

    @property
    def is_conflict(self) -> bool:
        """The object exists already, or changed meanwhile."""
        return self.status == _CONFLICT


class UnreachableError(Exception):
    """No answer from the API server."""


class ApiClient:
    """Requests with the client certificate `user` from the certificates directory of a cluster."""

    def __init__(self, server: str, certificates: Path, user: str) -> None:
        self._server = server
        self._pool = urllib3.PoolManager(
            ca_certs=str(certificates / "ca.crt"),
            cert_file=str(certificates / f"{user}.crt"),
            key_file=str(certificates / f"{user}.key"),
            retries=False,
        )

    def request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        *,
        content_type: str = "application/json",
        timeout_seconds: float = 10.0,
    ) -> Object:
        """Send one request and return the answer's object.

        Raises:
            ApiError: The API server refused.
            UnreachableError: It did not answer in time.
        """
        encoded = None if body is None else json.dumps(body).encode()
        try:
            response = self._pool.request(
                method,
                self._server + path,
                body=encoded,
                headers={"Content-Type": content_type},
                timeout=timeout_seconds,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"{method} {self._server}{path}: {error}") from error
        return _object(method, path, response.status, response.data)

    def is_ready(self) -> bool:
        """Whether every check of the API server passes (/readyz)."""
        try:
            answer = self._pool.request("GET", f"{self._server}/readyz", timeout=5.0)
        except (urllib3.exceptions.HTTPError, OSError):
            return False
        return answer.status < _FIRST_ERROR

    def watch(self, path: str, resource_version: str, *, timeout_seconds: int) -> Iterator[Object]:
        """Yield the changes of a collection after a version until the server ends the watch.

        Raises:
            ApiError: The version is too old, or the request was refused.
            UnreachableError: The connection broke.
        """
        query = urlencode(
            {
                "watch": "true",
                "resourceVersion": resource_version,
                "allowWatchBookmarks": "true",
                "timeoutSeconds": timeout_seconds,
            }
        )
        timeout = urllib3.Timeout(connect=5.0, read=timeout_seconds + 15.0)
        address = f"{self._server}{path}?{query}"
        try:
            response = self._pool.request("GET", address, preload_content=False, timeout=timeout)
            try:
                if response.status >= _FIRST_ERROR:
                    _object("GET", path, response.status, response.read())
                for line in _lines(response):
                    yield _event(path, line)
            finally:
                response.close()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"watch {address}: {error}") from error


def block(item: Object, *keys: str) -> Object:
    """Return a nested block of an object, empty where a level is absent or null."""
    for key in keys:
        item = cast("Object", item.get(key) or {})
    return item


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    rest = b""
    for part in response.stream(amt=None):
        *whole, rest = (rest + part).split(b"\n")
        yield from (line for line in whole if line)


def _event(path: str, line: bytes) -> Object:
    event = cast("Object", json.loads(line))
    if event["type"] == "ERROR":
        reason = cast("Object", event["object"])
        raise ApiError(int(reason.get("code", 0)), "WATCH", path, str(reason.get("message")))
    return event


def _object(method: str, path: str, status: int, data: bytes) -> Object:
    try:
        answer: object = json.loads(data) if data else {}
    except ValueError:
        answer = {"message": data[:300].decode(errors="replace")}
    result = cast("Object", answer) if isinstance(answer, dict) else {"value": answer}
    if status >= _FIRST_ERROR:
        raise ApiError(status, method, path, str(result.get("message", "no message")))
    return result
