"""A stand-in for a registry's token server: signs what one user asks for, for as long as a test wants.

Request, answer and claims: distribution 3.1.2, "Token Authentication Specification" and "Token Authentication
Implementation". A real one would know users and rights; this one knows one user, who may pull anything.
"""

import base64
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

LEEWAY_SECONDS: Final = 60
"""What the registry adds to both ends of a token's life (distribution 3.1.2, ``registry/auth/token/token.go``)."""

_KEY_ID: Final = "key-of-this-test"
_COORDINATE_BYTES: Final = 32


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class StandInTokenServer:
    """Started by the fixture; its fields may be changed while it runs.

    Attributes:
        root: directory for its key set.
        user: who is known.
        password: of that user.
        life_seconds: how long the registry accepts a token.
        ahead_seconds: how far its clock is before the registry's.
        asked: the scopes that tokens were asked for, refused ones too.
    """

    root: Path
    tls: ssl.SSLContext | None = None
    user: str = "puller"
    password: str = "right-password"  # noqa: S105  # of this stand-in only
    life_seconds: float = 300
    ahead_seconds: float = 0
    asked: list[str] = field(default_factory=list[str])
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _server: ThreadingHTTPServer | None = None

    def start(self) -> "StandInTokenServer":
        """Listen and serve."""
        tokens = self

        class Handler(_Handler):
            owner = tokens

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def auth(self) -> dict[str, object]:
        """Return the ``auth`` section of a registry that trusts it."""
        assert self._server is not None
        numbers = self._key.public_key().public_numbers()
        x, y = (_segment(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
        key = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": _KEY_ID, "x": x, "y": y}
        file = self.root / "jwks.json"
        file.write_text(json.dumps({"keys": [key]}))
        scheme = "http" if self.tls is None else "https"
        realm = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/token"
        section = {"realm": realm, "service": "registry", "issuer": "stand-in", "jwks": str(file)}
        return {"token": {**section, "signingalgorithms": ["ES256"]}}

    def token(self, *access: tuple[str, list[str]]) -> str:
        """Sign a token for (repository, actions)."""
        now = time.time() + self.ahead_seconds
        rights = [{"type": "repository", "name": name, "actions": actions} for name, actions in access]
        claims = {
            "iss": "stand-in",
            "sub": self.user,
            "aud": "registry",
            "exp": int(now + self.life_seconds - LEEWAY_SECONDS),
            "nbf": int(now),
            "iat": int(now),
            "jti": str(time.monotonic_ns()),
            "access": rights,
        }
        header = {"typ": "JWT", "alg": "ES256", "kid": _KEY_ID}
        text = ".".join(_segment(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self._key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_segment(r.to_bytes(_COORDINATE_BYTES, 'big') + s.to_bytes(_COORDINATE_BYTES, 'big'))}"

    def knows(self, authorization: str) -> bool:
        """Return whether a Basic header is the user's."""
        return authorization == "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class _Handler(BaseHTTPRequestHandler):
    owner: StandInTokenServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Stay quiet."""

    def do_GET(self) -> None:
        """Answer with a token for the scope, or 401 to anyone unknown."""
        scope = parse_qs(urlsplit(self.path).query).get("scope", [""])[0]
        self.owner.asked.append(scope)
        known = self.owner.knows(self.headers.get("Authorization", ""))
        _, _, repository = scope.partition(":")
        body = json.dumps({"token": self.owner.token((repository.rpartition(":")[0], ["pull"]))} if known else {})
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
