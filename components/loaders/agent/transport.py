"""One HTTP request at a time, over TLS unless told otherwise; every failure becomes an AgentError."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal
from urllib.parse import SplitResult, urljoin, urlsplit

from .connect import connected
from .deadline import Deadline
from .errors import AgentError, CertificateError, NetworkError, UsageError

READ_BYTES: Final = 1024 * 1024
"""Most that one read asks for."""

FIRST_READ_BYTES: Final = 64 * 1024
"""What the first read asks for. Each one takes memory for what it asks, so it asks for about what came last time: on a
slow link with many connections the process would else hold several times what it has read."""

IDLE_SECONDS: Final = 30.0
"""Longest wait for one connect, handshake or read; a connection that moves nothing for so long is given up."""

REDIRECT_LIMIT: Final = 5
"""Redirects followed for one request; registries need one, to their blob storage."""

_NO_TLS_REASONS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST"})
"""How OpenSSL says that what came is no TLS record (its ``ssl/ssl_err.c``)."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@cache
def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return the interpreter's default, verifying TLS settings, with a private CA added.

    Raises:
        UsageError: the CA file cannot be read or holds no certificate.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"--ca-file {ca_file}: {error.strerror or error}; give a PEM file") from error
    return context


def place(url: str) -> str:
    """Return a URL without its query, which may carry a signature."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port: the three that must be equal before a credential may be sent again."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def checked(url: str) -> str:
    """Return a URL that came from a server if it can be used.

    Raises:
        NetworkError: no host, or a port that is none.
    """
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False  # the text that cannot be parsed is not repeated
    if not usable:
        raise NetworkError("the server names an address that cannot be used")
    return url


def as_agent_error(error: Exception, url: str) -> AgentError:
    """Translate what sockets, TLS and HTTP raise."""
    where = place(url)
    if isinstance(error, ssl.SSLCertVerificationError):
        return CertificateError(
            f"{where}: {error.verify_message}; check the host name, --ca-file and this machine's clock"
        )
    if isinstance(error, TimeoutError):
        return NetworkError(f"{where}: nothing came for {IDLE_SECONDS:g} s or until the deadline")
    if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS_REASONS:
        return NetworkError(
            f"{where}: answers, but not with TLS; check the port, or give --plain-http if that is meant"
        )
    if isinstance(error, socket.gaierror):
        return NetworkError(f"{where}: {error.strerror}; check the host name and DNS")
    return NetworkError(f"{where}: {error or type(error).__name__}")


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        return ""


class Response:
    """An answer whose body is still to be read.

    Attributes:
        url: where the answer came from, after redirects.
        status: HTTP status.
    """

    def __init__(self, url: str, connection: http.client.HTTPConnection) -> None:
        # The connection forgets its socket when the server says it will close; the timeout must be set even then.
        self._socket = connection.sock
        raw = connection.getresponse()
        self.url = url
        self.status = raw.status
        self._connection = connection
        self._raw = raw
        self._ask_bytes = FIRST_READ_BYTES

    def header(self, name: str) -> str:
        """Return a header, several of one name joined, or an empty string."""
        return self._raw.getheader(name) or ""

    @property
    def retry_after_seconds(self) -> float:
        """How long the server asks to be left alone, seconds; 0 if it does not say, or says it as a date."""
        value = self.header("Retry-After")
        return float(value) if value.isdecimal() else 0.0

    def read(self, deadline: Deadline) -> bytes:
        """Return what has come, at most ``READ_BYTES``; empty at the end of the body.

        Raises:
            NetworkError: the connection broke.
        """
        timeout = deadline.timeout_seconds(IDLE_SECONDS)
        if self._socket is not None:
            self._socket.settimeout(timeout)
        try:
            data = self._raw.read1(self._ask_bytes)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise as_agent_error(error, self.url) from error
        if len(data) == self._ask_bytes:
            self._ask_bytes = min(2 * self._ask_bytes, READ_BYTES)
        elif len(data) < self._ask_bytes // 2:
            self._ask_bytes = max(self._ask_bytes // 2, FIRST_READ_BYTES)
        return data

    def body(self, deadline: Deadline, limit_bytes: int) -> bytes:
        """Return the whole body.

        Raises:
            NetworkError: the connection broke, or the body is longer than the limit.
        """
        promised = self.header("Content-Length")
        data = bytearray()
        while chunk := self.read(deadline):
            data += chunk
            if len(data) > limit_bytes:
                raise NetworkError(f"{place(self.url)}: answer is longer than {limit_bytes} bytes")
        if promised.isdigit() and len(data) < int(promised):  # `read1` takes a closed connection for the end
            raise NetworkError(f"{place(self.url)}: broke off after {len(data)} of {promised} bytes")
        return bytes(data)

    def close(self) -> None:
        """Drop the connection."""
        self._raw.close()
        self._connection.close()


class Transport:
    """Opens connections.

    Args:
        ca_file: private CA, trusted beside the system's; read when the first HTTPS connection is made.
        deadline: bounds every operation.
        plain_http: whether HTTP without TLS is allowed at all.
    """

    def __init__(self, ca_file: Path | None, deadline: Deadline, *, plain_http: bool) -> None:
        self._ca_file = ca_file
        self._deadline = deadline
        self._plain_http = plain_http

    def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """GET, following redirects; ``Authorization`` stays with the origin it was meant for.

        Raises:
            NetworkError: no answer, or too many redirects, or a redirect to plain HTTP.
            CertificateError: the certificate is not valid.
        """
        return self._follow("GET", url, headers)

    def head(self, url: str, headers: Mapping[str, str]) -> Response:
        """HEAD, otherwise as ``get``."""
        return self._follow("HEAD", url, headers)

    def _follow(self, method: str, url: str, headers: Mapping[str, str]) -> Response:
        here = url
        for _ in range(REDIRECT_LIMIT + 1):
            allowed = {
                name: value for name, value in headers.items() if name != "Authorization" or origin(here) == origin(url)
            }
            response = self._send(method, here, allowed, None)
            if response.status not in _REDIRECTS:
                return response
            location = response.header("Location")
            response.close()
            if not location:
                raise NetworkError(f"{place(here)}: a redirect without a Location")
            here = checked(_joined(here, location))
        raise NetworkError(f"{place(url)}: more than {REDIRECT_LIMIT} redirects")

    def ask(self, method: Literal["GET", "HEAD"], url: str, headers: Mapping[str, str]) -> Response:
        """GET or HEAD without following redirects: the request is signed for this host alone.

        Raises:
            NetworkError: no answer.
            CertificateError: the certificate is not valid.
        """
        return self._send(method, url, headers, None)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """POST without following redirects: the body holds a credential."""
        return self._send("POST", url, headers, body)

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        parts = urlsplit(url)
        connection = self._connection(parts, url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        everywhere = {"User-Agent": "slipway-loader", "Accept-Encoding": "identity"}
        try:
            connection.sock = self._socket(parts)
            connection.request(method, target, body=body, headers={**everywhere, **headers})
            return Response(url, connection)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise as_agent_error(error, url) from error

    def _connection(self, parts: SplitResult, url: str) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, parts.port, context=tls_context(self._ca_file))
        if parts.scheme == "http" and self._plain_http:
            return http.client.HTTPConnection(host, parts.port)
        raise NetworkError(f"{place(url)}: plain HTTP is refused; give --plain-http if that is meant")

    def _socket(self, parts: SplitResult) -> socket.socket:
        """Connect here, not in ``http.client``, whose look-up of a name would know no deadline."""
        host = parts.hostname or ""
        plain = connected(host, parts.port or _DEFAULT_PORTS[parts.scheme], self._deadline, IDLE_SECONDS)
        if parts.scheme == "http":
            return plain
        secured = tls_context(self._ca_file).wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        self._deadline.watch(secured)
        try:
            secured.do_handshake()
        except BaseException:
            secured.close()
            raise
        return secured
