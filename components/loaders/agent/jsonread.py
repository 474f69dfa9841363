"""Typed reading of JSON that came from outside: every error names the place."""

import json
from typing import cast

from .errors import UnsupportedError


def document(data: bytes, where: str) -> dict[str, object]:
    """Parse one JSON object.

    Raises:
        UnsupportedError: it is not JSON, or not an object.
    """
    return mapping(_parsed(data, where), where)


def listing(data: bytes, where: str) -> list[object]:
    """Parse one JSON array.

    Raises:
        UnsupportedError: it is not JSON, or not an array.
    """
    return items(_parsed(data, where), where)


def _parsed(data: bytes, where: str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnsupportedError(f"{where}: not JSON ({error})") from error


def mapping(value: object, where: str) -> dict[str, object]:
    """Return an object, or an empty one for null."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnsupportedError(f"{where}: expected an object, got {type(value).__name__}")
    return cast("dict[str, object]", value)


def items(value: object, where: str) -> list[object]:
    """Return a list, or an empty one for null."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnsupportedError(f"{where}: expected a list, got {type(value).__name__}")
    return cast("list[object]", value)


def text(value: object, where: str) -> str:
    """Return a string, or an empty one for null."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnsupportedError(f"{where}: expected text, got {type(value).__name__}")
    return value


def count(value: object, where: str) -> int:
    """Return a whole number that is not negative."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnsupportedError(f"{where}: expected a whole number, got {value!r}")
    return value
