"""Which names from outside may become paths below the model's directory."""

from typing import Final

from .errors import UnsafeError

COMPONENT_LIMIT_BYTES: Final = 255
"""Longest file name (NAME_MAX of Linux file systems)."""

PATH_LIMIT_BYTES: Final = 2048
"""Longest path; half of PATH_MAX, which leaves room for the store's own directories."""


def safe_path(name: str, where: str) -> tuple[str, ...]:
    """Return the components of a relative path; empty for the root itself.

    ``.`` and empty components are dropped; everything that could leave the root is refused, never repaired.

    Args:
        name: as written in an archive, an annotation or a Kitfile.
        where: what to name in the error.

    Raises:
        UnsafeError: absolute, with ``..``, a NUL or a name too long.
    """
    problem = ""
    encoded = name.encode("utf-8", "surrogateescape") if _is_text(name) else b""
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if name.startswith("/"):
        problem = "is absolute"
    elif ".." in parts:
        problem = "climbs with '..'"
    elif "\0" in name:
        problem = "holds a NUL"
    elif name and not encoded:
        problem = "is not text a file system can store"
    elif len(encoded) > PATH_LIMIT_BYTES or any(len(part) > COMPONENT_LIMIT_BYTES for part in encoded.split(b"/")):
        problem = "is too long"
    if problem:
        raise UnsafeError(f"{where}: path {name!r} {problem}; the artifact is refused")
    return parts


def safe_file_path(name: str, where: str) -> tuple[str, ...]:
    """Return the components of a path that must name something below the root."""
    parts = safe_path(name, where)
    if not parts:
        raise UnsafeError(f"{where}: path {name!r} names the directory itself, not a file; the artifact is refused")
    return parts


def _is_text(name: str) -> bool:
    """Return whether a name has bytes: JSON may hold halves of surrogate pairs, which have none."""
    return not any("\ud800" <= letter < "\udc80" or "\udcff" < letter <= "\udfff" for letter in name)
