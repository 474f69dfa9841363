"""Registry credentials from a file in the form of ``~/.docker/config.json`` (kubernetes.io/dockerconfigjson)."""

import base64
import binascii
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from . import jsonread
from .errors import AuthError, UnsupportedError

_DOCKER_HUB: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A user and a password, or an identity token. The secret parts never show in a repr."""

    username: str
    password: str = field(repr=False)
    identity_token: str = field(default="", repr=False)

    def basic(self) -> str:
        """Return the value of a Basic ``Authorization`` header (RFC 7617)."""
        pair = f"{self.username}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")


def _bare(key: str) -> str:
    bare = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    for ending in ("/v1", "/v2"):
        bare = bare.removesuffix(ending)
    host, slash, path = bare.partition("/")
    return ("docker.io" if host in _DOCKER_HUB else host) + slash + path


def _entry(raw: dict[str, object], where: str) -> Credentials:
    username = jsonread.text(raw.get("username"), f"{where}.username")
    password = jsonread.text(raw.get("password"), f"{where}.password")
    encoded = jsonread.text(raw.get("auth"), f"{where}.auth")
    if encoded:
        try:
            username, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            # The cause is left out: it would carry the secret's bytes.
            raise AuthError(f"{where}.auth is not base64 of user:password; write the Secret again") from None
    token = jsonread.text(raw.get("identitytoken"), f"{where}.identitytoken")
    return Credentials(username=username, password=password, identity_token=token)


class DockerConfig:
    """Looks credentials up; the file is read at every look-up, so a rotated Secret is used at once.

    Args:
        path: the file, or None for anonymous access.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def lookup(self, host: str, repository: str) -> Credentials | None:
        """Return the credentials whose key is the longest match of ``host/repository``, or None.

        Raises:
            AuthError: the file cannot be read or is broken.
        """
        if self._path is None:
            return None
        try:
            raw = jsonread.document(self._path.read_bytes(), "registry config")
            auths = jsonread.mapping(raw.get("auths"), "registry config: auths")
            wanted = f"{_bare(host)}/{repository}"
            keys = [key for key in auths if f"{wanted}/".startswith(f"{_bare(key)}/")]
            if not keys:
                return None
            best = max(keys, key=lambda key: len(_bare(key)))
            return _entry(jsonread.mapping(auths[best], f"auths[{best}]"), f"registry config: auths[{best}]")
        except OSError as error:
            raise AuthError(f"--registry-config {self._path}: {error.strerror}; mount the pull secret there") from error
        except UnsupportedError as error:
            raise AuthError(str(error)) from error
