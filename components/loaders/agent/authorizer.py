"""Turning a registry's challenge into an ``Authorization`` header (CNCF distribution docs, "Token Authentication")."""

import threading
from typing import Final
from urllib.parse import urlencode, urlsplit

from . import jsonread
from .challenge import Challenge, parse_challenges
from .credentials import Credentials, DockerConfig
from .deadline import Deadline
from .errors import AuthError, NetworkError, UnsupportedError
from .transport import Response, Transport, checked, place

_TOKEN_LIMIT_BYTES: Final = 256 * 1024
_OK: Final = 200
_REFUSED: Final = frozenset({400, 401, 403, 404})


class Authorizer:
    """Remembers one header per repository and renews it when the registry asks.

    Args:
        config: where credentials are looked up, at every renewal.
        transport: for token requests.
        deadline: bounds them.
    """

    def __init__(self, config: DockerConfig, transport: Transport, deadline: Deadline) -> None:
        self._config = config
        self._transport = transport
        self._deadline = deadline
        self._headers: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def header(self, host: str, repository: str) -> str:
        """Return the header that worked last, or an empty string."""
        with self._lock:
            return self._headers.get((host, repository), "")

    def renew(self, host: str, repository: str, www_authenticate: str) -> str:
        """Answer a 401.

        Raises:
            AuthError: no scheme we speak, no credentials where some are needed, or they are refused.
        """
        challenges = {challenge.scheme: challenge for challenge in reversed(parse_challenges(www_authenticate))}
        credentials = self._config.lookup(host, repository)
        if "bearer" in challenges:
            header = self._bearer(host, repository, challenges["bearer"], credentials)
        elif "basic" in challenges:
            if credentials is None:
                raise AuthError(f"{host} asks for a user and --registry-config has none for {host}/{repository}")
            header = credentials.basic()
        else:
            raise AuthError(f"{host} asks for {sorted(challenges) or 'nothing known'}; Basic and Bearer are spoken")
        with self._lock:
            self._headers[host, repository] = header
        return header

    def _bearer(self, host: str, repository: str, challenge: Challenge, credentials: Credentials | None) -> str:
        realm = challenge.parameters.get("realm", "")
        if not realm:
            raise AuthError(f"{host}: the Bearer challenge names no realm")
        realm = checked(realm)
        scope = challenge.parameters.get("scope", "") or f"repository:{repository}:pull"
        query = {"scope": scope}
        if service := challenge.parameters.get("service", ""):
            query["service"] = service
        if credentials is not None and credentials.identity_token:
            response = self._refresh(realm, query, credentials.identity_token)
        else:
            headers = {} if credentials is None else {"Authorization": credentials.basic()}
            separator = "&" if urlsplit(realm).query else "?"
            response = self._transport.get(f"{realm}{separator}{urlencode(query)}", headers)
        return f"Bearer {self._token(response, realm, known=credentials is not None)}"

    def _refresh(self, realm: str, query: dict[str, str], identity_token: str) -> Response:
        fields = {**query, "grant_type": "refresh_token", "refresh_token": identity_token, "client_id": "slipway"}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._transport.post(realm, form, urlencode(fields).encode())

    def _token(self, response: Response, realm: str, *, known: bool) -> str:
        try:
            if response.status in _REFUSED:
                who = "the credentials of --registry-config" if known else "an anonymous caller"
                raise AuthError(f"{place(realm)} refuses {who} (HTTP {response.status}); renew the pull secret")
            if response.status != _OK:
                raise NetworkError(f"{place(realm)}: HTTP {response.status} for a token")
            raw = jsonread.document(response.body(self._deadline, _TOKEN_LIMIT_BYTES), "token answer")
            token = jsonread.text(raw.get("token") or raw.get("access_token"), "token answer: token")
        except UnsupportedError as error:
            raise NetworkError(f"{place(realm)}: {error}") from error
        finally:
            response.close()
        if not token or not token.isascii() or any(letter.isspace() for letter in token):
            raise NetworkError(f"{place(realm)}: the answer holds no token")
        return token
