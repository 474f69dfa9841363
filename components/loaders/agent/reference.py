"""References to artifacts: ``host/repository[:tag][@sha256:…]`` (OCI distribution spec 1.1, "Pulling manifests")."""

import re
from dataclasses import dataclass
from typing import Final

from .errors import UsageError

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_REFERENCE: Final = re.compile(
    r"(?P<host>(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?)/"
    r"(?P<repository>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def is_digest(value: str) -> bool:
    """Return whether this is a complete sha256 digest."""
    return _DIGEST.fullmatch(value) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One artifact in one registry.

    Attributes:
        host: registry as written, with its port if it has one.
        repository: path below the registry.
        tag: name that may move; empty if left out.
        digest: name that cannot move; empty if left out.
    """

    host: str
    repository: str
    tag: str
    digest: str

    @property
    def pointer(self) -> str:
        """The digest if there is one, else the tag."""
        return self.digest or self.tag

    def __str__(self) -> str:
        """Write it as it was read."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.repository}{tag}{digest}"


def parse(value: str) -> Reference:
    """Parse a reference that names its registry.

    Raises:
        UsageError: it is none.
    """
    match = _REFERENCE.fullmatch(value)
    if match is None:
        raise UsageError(
            f"{value!r} is not host/repository[:tag]@sha256:<64 hex digits>; name the registry's host, "
            "write the repository in lower case and give the whole digest"
        )
    part = match.groupdict(default="")
    return Reference(host=part["host"], repository=part["repository"], tag=part["tag"], digest=part["digest"])


def parse_pinned(value: str) -> Reference:
    """Parse a reference that must carry a digest.

    Raises:
        UsageError: it is no reference or has no digest.
    """
    reference = parse(value)
    if not reference.digest:
        raise UsageError(f"{value!r} has no @sha256: digest; a tag may move between two pods, pin the digest")
    return reference
