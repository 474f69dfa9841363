"""Keys of an object store from a file in the form of ``~/.aws/credentials``.

The form is that of the AWS SDKs and Tools Reference Guide, "Shared config and credentials files": INI, section
``[default]``.
"""

import configparser
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .errors import AuthError

_SECTION: Final = "default"
_VALUE: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsCredentials:
    """A key pair, and the token of a session if it is a temporary one. The secret parts never show in a repr."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


class AwsCredentialsFile:
    """Reads credentials; the file is read at every look-up, so a rotated Secret is used at once.

    Args:
        path: the file, or None for anonymous access.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> AwsCredentials | None:
        """Return the credentials, or None for anonymous access.

        Raises:
            AuthError: the file cannot be read or is broken; its content is never repeated.
        """
        if self._path is None:
            return None
        where = f"--credentials {self._path}"
        parser = configparser.RawConfigParser(delimiters=("=",), strict=False, default_section="")
        try:
            parser.read_string(self._path.read_text(encoding="utf-8"))
        except OSError as error:
            raise AuthError(f"{where}: {error.strerror}; mount the Secret there") from error
        except (configparser.Error, UnicodeDecodeError):
            # The cause is left out: it would carry lines of the file.
            raise AuthError(f"{where}: not an INI file; write [{_SECTION}], then key = value lines") from None
        token = parser.get(_SECTION, "aws_session_token", fallback="")
        return AwsCredentials(
            access_key_id=_needed(parser, "aws_access_key_id", where),
            secret_access_key=_needed(parser, "aws_secret_access_key", where),
            session_token=_printable(token, "aws_session_token", where) if token else "",
        )


def _needed(parser: configparser.RawConfigParser, name: str, where: str) -> str:
    value = parser.get(_SECTION, name, fallback="")
    if not value:
        raise AuthError(f"{where}: section [{_SECTION}] has no {name}")
    return _printable(value, name, where)


def _printable(value: str, name: str, where: str) -> str:
    if not _VALUE.fullmatch(value):
        raise AuthError(f"{where}: {name} holds spaces, line breaks or letters that no key has; write the Secret again")
    return value
