"""HTTP to the API server, on urllib3: it keeps connections, takes client certificates, and loads in 30 ms.

The official client needs a second to import and lightkube a quarter; every preview starts this process.
"""

import json
import os
import ssl
import tempfile
import threading
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from rehearsal.providers.codec import Json, Tree, is_object
from rehearsal.providers.kubernetes.authentication import Authentication
from rehearsal.providers.kubernetes.kubeconfig import Access, KubeconfigError
from rehearsal.providers.kubernetes.objects import text

CONNECTIONS: Final = 32
CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 60.0  # the API server ends an ordinary request after 60 s
BUSY_ATTEMPTS: Final = 5  # the server asks to come back later when it has too much to do
BUSY_SECONDS: Final = 10.0
# A kept connection may have been closed by the server in the meantime: only a question is asked again.
_RETRIES: Final = urllib3.Retry(
    total=1,
    connect=0,
    read=1,
    other=0,
    redirect=0,
    status=0,
    allowed_methods=["GET"],
    respect_retry_after_header=False,  # `request` does that, for every method
)
_TOO_MANY_REQUESTS: Final = 429
_UNAUTHORIZED: Final = 401
_FIRST_ERROR: Final = 400


class ApiError(Exception):
    """The API server refused a request; the text is its own."""

    def __init__(self, code: int, status: Tree) -> None:
        super().__init__(text(status, "message") or f"the API server answered {code}")
        self.code = code
        self.reason = text(status, "reason")
        self.status = status


class NoMatchError(Exception):
    """The API server does not serve a kind."""


class UnreachableError(Exception):
    """The API server did not answer. The text names its address and the cause."""


class Transport:
    """Requests to one API server. Thread-safe."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._authentication = Authentication(access)
        self._prefix = urlsplit(access.server).path
        self._lock = threading.Lock()
        self._pool: urllib3.HTTPConnectionPool | None = None

    def request(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Json = None,
        content_type: str = "application/json",
    ) -> Tree:
        """Send one request and read the JSON answer.

        Raises:
            ApiError: the server refused it.
            UnreachableError: there was no answer, or the credentials could not be had.
        """
        response = self._send(method, path, query, body, content_type)
        if response.status == _UNAUTHORIZED:
            self._authentication.forget()
            with self._lock:
                self._pool = None  # it may hold the refused client certificate
            response = self._send(method, path, query, body, content_type)
        for _attempt in range(BUSY_ATTEMPTS):
            if response.status != _TOO_MANY_REQUESTS:
                break
            time.sleep(min(float(response.headers.get("Retry-After") or 1), BUSY_SECONDS))
            response = self._send(method, path, query, body, content_type)
        answer = _parse(response.data)
        if response.status >= _FIRST_ERROR:
            raise ApiError(response.status, answer)
        return answer

    def _send(
        self, method: str, path: str, query: dict[str, str] | None, body: Json, content_type: str
    ) -> urllib3.BaseHTTPResponse:
        url = self._prefix + (f"{path}?{urlencode(query)}" if query else path)
        payload = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        try:
            headers = {"Accept": "application/json", "User-Agent": "slipway-rehearsal", **self._authentication.header()}
            if payload is not None:
                headers["Content-Type"] = content_type
            return self._connect().urlopen(
                method,
                url,
                body=payload,
                headers=headers,
                retries=_RETRIES,
                redirect=False,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError, KubeconfigError) as error:
            raise UnreachableError(f"{self.access.server}: {_cause(error)}") from error

    def _connect(self) -> urllib3.HTTPConnectionPool:
        with self._lock:
            if self._pool is None:
                self._pool = _open(self.access, self._authentication)
            return self._pool


def segment(name: str) -> str:
    """Quote one segment of a path."""
    return quote(name, safe="")


def _open(access: Access, authentication: Authentication) -> urllib3.HTTPConnectionPool:
    parts = urlsplit(access.server)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(host, port or 80, maxsize=CONNECTIONS)
    context = ssl.create_default_context(cadata=access.authority.decode("ascii") if access.authority else None)
    if access.skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate, key = authentication.certificate()
    if certificate:
        _load_certificate(context, certificate, key)
    return urllib3.HTTPSConnectionPool(
        host,
        port or 443,
        maxsize=CONNECTIONS,
        ssl_context=context,
        server_hostname=access.tls_server_name or None,
        assert_hostname=False if access.skip_tls_verify else None,
    )


def _load_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Load a certificate that exists as data only; ssl reads files, so it passes through one that only we can read."""
    handle, name = tempfile.mkstemp(prefix="slipway-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate.rstrip() + b"\n" + key)
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()


def _parse(data: bytes) -> Tree:
    try:
        answer: Json = json.loads(data)
    except ValueError:
        return {"message": data[:400].decode("utf-8", "replace").strip()}
    return answer if is_object(answer) else {"items": answer}


def _cause(error: Exception) -> str:
    """Say what went wrong below the HTTP library's own words."""
    reason = getattr(error, "reason", None)
    cause = reason if isinstance(reason, Exception) else error
    inner = cause.__cause__ or cause.__context__
    return str(inner if isinstance(inner, OSError) else cause) or type(cause).__name__
