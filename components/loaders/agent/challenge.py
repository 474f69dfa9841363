"""Reading ``WWW-Authenticate`` (RFC 9110 section 11.6.1; CNCF distribution docs, "Token Authentication")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # a pattern for HTTP tokens, not a secret
_PART: Final = re.compile(
    rf'(?P<name>{_TOKEN})\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{_TOKEN}))|(?P<scheme>{_TOKEN})'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """One way the server would accept.

    Attributes:
        scheme: lower case, for instance ``bearer``.
        parameters: by lower-case name.
    """

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """Return every challenge of a header, in order; what is not understood is left out."""
    found: list[tuple[str, dict[str, str]]] = []
    for match in _PART.finditer(header):
        if match["scheme"]:
            found.append((match["scheme"].lower(), {}))
        elif found:
            quoted = match["quoted"]
            value = match["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1][1][match["name"].lower()] = value
    return tuple(Challenge(scheme=scheme, parameters=parameters) for scheme, parameters in found)
