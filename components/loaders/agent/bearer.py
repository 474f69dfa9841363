"""A bearer token in a file (RFC 6750); read again at every use, so a rotated Secret is used at once."""

import re
from pathlib import Path
from typing import Final

from .errors import AuthError

_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1, b64token
_LIMIT_BYTES: Final = 64 * 1024


class BearerFile:
    """Gives the header that carries the token.

    Args:
        path: file whose only line is the token, or None for anonymous access.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @property
    def given(self) -> bool:
        """Whether there is a file to read."""
        return self._path is not None

    def headers(self) -> dict[str, str]:
        """Return ``Authorization``, or nothing for anonymous access.

        Raises:
            AuthError: the file cannot be read, or holds no token; its content is never repeated.
        """
        if self._path is None:
            return {}
        try:
            with self._path.open("rb") as file:
                token = file.read(_LIMIT_BYTES).decode("ascii", "replace").strip()
        except OSError as error:
            raise AuthError(f"--credentials {self._path}: {error.strerror}; mount the token there") from error
        if not _TOKEN.fullmatch(token):
            raise AuthError(
                f"--credentials {self._path}: not a single line with a bearer token; write the Secret again"
            )
        return {"Authorization": f"Bearer {token}"}
