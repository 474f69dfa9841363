"""Talking to a runtime beside the loader: plain calls without redirects, and asking until the answer is there."""

import http.client
import json
import select
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from . import jsonread
from .deadline import Deadline
from .errors import DeadlineError, NetworkError, RuntimeRefusedError, UnsupportedError, UsageError
from .logs import Log
from .transport import place, tls_context

ANSWER_LIMIT_BYTES: Final = 8 * 1024 * 1024
"""Longest answer that is read; a repository index or a pull's progress stays far below."""

CONNECT_SECONDS: Final = 10.0
"""Longest wait for a connection; the runtime is on the same machine."""

LOOK_SECONDS: Final = 0.5
"""How often a wait for an answer looks whether it has to end."""

FIRST_PAUSE_SECONDS: Final = 0.2
"""First pause between two questions; it doubles up to ``LONGEST_PAUSE_SECONDS``."""

LONGEST_PAUSE_SECONDS: Final = 5.0

_OK: Final = 200
_T = TypeVar("_T")


class UnansweredError(NetworkError):
    """The runtime took a request and broke off without an answer; what it did is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a runtime said.

    Attributes:
        status: HTTP status.
        body: all of it.
        where: address without its query, for messages.
    """

    status: int
    body: bytes
    where: str

    @property
    def ok(self) -> bool:
        """Whether the status is 200."""
        return self.status == _OK

    def json(self) -> object:
        """Return the body as JSON.

        Raises:
            NetworkError: it is none; a runtime that starts or stops may answer so.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise NetworkError(f"{self.where}: answered {self.status} with something that is no JSON") from error

    def mapping(self) -> dict[str, object]:
        """Return the body as a JSON object.

        Raises:
            NetworkError: it is none.
        """
        try:
            return jsonread.mapping(self.json(), self.where)
        except UnsupportedError as error:
            raise NetworkError(str(error)) from error

    def said(self) -> str:
        """Return the start of the body for a message."""
        return f"{self.where}: {self.status} {self.body[:300].decode(errors='replace').strip()}"

    def refused(self, what: str, hint: str = "") -> RuntimeRefusedError:
        """Return the error for a runtime that said no."""
        return RuntimeRefusedError(f"{what}: {self.said()}{'; ' if hint else ''}{hint}")


class RuntimeClient:
    """Calls one runtime.

    Args:
        base: ``http://host:port``, with a path if need be.
        header_file: file of ``Name: value`` lines that every request carries; read again each time.
    """

    def __init__(self, base: str, header_file: Path | None = None) -> None:
        self._base = base.rstrip("/")
        self._header_file = header_file

    def get(self, path: str, deadline: Deadline) -> Answer:
        """Ask.

        Raises:
            NetworkError: nothing listens.
            UnansweredError: it broke off.
        """
        return self.call("GET", path, None, deadline)

    def post(self, path: str, body: object, deadline: Deadline, headers: dict[str, str] | None = None) -> Answer:
        """Send JSON.

        Raises:
            NetworkError: nothing listens.
            UnansweredError: it broke off.
        """
        return self.call("POST", path, body, deadline, headers)

    def call(
        self, method: str, path: str, body: object, deadline: Deadline, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request and wait for the whole answer, however long it takes within the deadline.

        Raises:
            NetworkError: nothing listens.
            UnansweredError: it broke off.
        """
        url = f"{self._base}{path}"
        sent = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if sent is not None else {}
        connection = _connection(url, deadline)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise NetworkError(f"{place(url)}: {error.strerror or error}") from error
            try:
                parts = urlsplit(url)
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request(method, target, sent, {**kind, **self._headers(), **(headers or {})})
                return _answer(connection, place(url), deadline)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise UnansweredError(f"{place(url)}: {error or type(error).__name__}") from error
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        if self._header_file is None:
            return {}
        try:
            lines = self._header_file.read_text().splitlines()
        except (OSError, ValueError):
            raise UsageError(f"--adapter-header-file {self._header_file}: cannot be read") from None
        pairs = [line.partition(":") for line in lines if line.strip()]
        if not all(colon and name.strip() for name, colon, _ in pairs):
            # The line itself is left out: it may be a secret.
            raise UsageError(f"--adapter-header-file {self._header_file}: a line is not `Name: value`")
        return {name.strip(): value.strip() for name, _, value in pairs}


def _connection(url: str, deadline: Deadline) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host, timeout = parts.hostname or "", deadline.timeout_seconds(CONNECT_SECONDS)
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=tls_context(None))
    return http.client.HTTPConnection(host, parts.port, timeout=timeout)


def _answer(connection: http.client.HTTPConnection, where: str, deadline: Deadline) -> Answer:
    """Loading a model may take minutes before the first byte, and a request to stop must end that wait."""
    while not select.select([connection.sock], [], [], LOOK_SECONDS)[0]:
        deadline.check()
    response = connection.getresponse()
    data = bytearray()
    while chunk := response.read1(65536):
        data += chunk
        deadline.check()
        if len(data) > ANSWER_LIMIT_BYTES:
            raise ValueError(f"answered more than {ANSWER_LIMIT_BYTES} bytes")
    return Answer(status=response.status, body=bytes(data), where=where)


def until(what: str, attempt: Callable[[], _T | str], deadline: Deadline, log: Log) -> _T:
    """Ask again and again, with growing pauses, until there is an answer.

    Args:
        what: names what is waited for.
        attempt: one question; a text says why it is not there yet, and a NetworkError means the same.
        deadline: bounds the wait.
        log: told every new reason once.

    Raises:
        NetworkError: the runtime could not be reached until the deadline.
        DeadlineError: it could, but what was waited for did not come.
    """
    pause, reason, reached = FIRST_PAUSE_SECONDS, "no answer yet", False
    while True:
        try:
            try:
                found = attempt()
            except NetworkError as error:
                why, reached = str(error), False
            else:
                if not isinstance(found, str):
                    return found
                why, reached = found, True
            if why != reason:
                log.info("waiting-for-runtime", what=what, why=why)
                reason = why
            deadline.sleep(pause)
        except DeadlineError as error:
            if reached:
                raise DeadlineError(f"{what}: not until the deadline; {reason}") from error
            raise NetworkError(f"{what}: not reached until the deadline; {reason}") from error
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
