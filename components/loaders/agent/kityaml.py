"""Writing a Kitfile as YAML, byte for byte as ``kit unpack`` does for the usual ones (go-yaml v3, indent 2).

Strings that YAML could read as something else are quoted; unusual ones may be quoted in another style than kit's,
with the same meaning.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

_NOT_A_STRING: Final = re.compile(
    r"~|=|null|Null|NULL|<<|(?:true|false|yes|no|on|off|y|n)"
    r"|[-+]?(?:0[xob])?[0-9a-fA-F_]*[0-9][0-9a-fA-F_.]*(?:e[-+]?[0-9]+)?|[-+]?\.(?:inf|nan|[0-9].*)"
    r"|\d{4}-\d\d?-\d\d?(?:[Tt ].*)?|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?",
    re.IGNORECASE,
)
_VERSION: Final = re.compile(r"\d+\.\d+\.[0-9A-Za-z.-]*")
_START: Final = "#,[]{}&*!|>'\"%@`"
_KEPT_EMPTY: Final = frozenset({"manifestVersion"})
_LAYER_FIELDS: Final = frozenset({"digest", "diffId"})


def kitfile_yaml(raw: Mapping[str, object]) -> bytes:
    """Return the Kitfile without the layer digests that packing added."""
    return "".join(f"{line}\n" for line in _mapping(_tidy(raw), 0)).encode("utf-8", "replace")


def _tidy(raw: Mapping[str, object]) -> dict[str, object]:
    """Drop layer digests and what is empty, as kit's own types do when they are written."""
    tidy: dict[str, object] = {}
    for key, value in raw.items():
        kept = value
        if isinstance(value, dict) and key != "parameters":
            kept = _tidy(cast("dict[str, object]", value))
        elif isinstance(value, list):
            parts = cast("list[object]", value)
            kept = [_tidy(cast("dict[str, object]", part)) if isinstance(part, dict) else part for part in parts]
        if key not in _LAYER_FIELDS and (kept not in ("", None, [], {}) or key in _KEPT_EMPTY):
            tidy[key] = kept
    return tidy


def _mapping(value: Mapping[str, object], indent: int) -> Iterator[str]:
    for key, inner in value.items():
        yield from _pair(" " * indent + _text(key), inner, indent, flow=key == "authors")


def _fields(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _parts(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _pair(head: str, value: object, indent: int, *, flow: bool) -> Iterator[str]:
    inner, parts = _fields(value), _parts(value)
    if inner:
        yield f"{head}:"
        yield from _mapping(inner, indent + 2)
    elif parts and not flow:
        yield f"{head}:"
        yield from _sequence(parts, indent + 2)
    elif parts:
        yield f"{head}: [{', '.join(_scalar(part, flow=True) for part in parts)}]"
    elif isinstance(value, str) and "\n" in value:
        yield from _literal(f"{head}: ", value, indent)
    else:
        yield f"{head}: {_scalar(value)}"


def _sequence(values: Sequence[object], indent: int) -> Iterator[str]:
    for value in values:
        inner = _fields(value)
        if inner:
            lines = list(_mapping(inner, indent + 2))
            yield " " * indent + "- " + lines[0][indent + 2 :]
            yield from lines[1:]
        else:
            yield " " * indent + "- " + _scalar(value)


def _literal(head: str, value: str, indent: int) -> Iterator[str]:
    body = value.rstrip("\n")
    kept = len(value) - len(body)
    if body[:1] in {"", " ", "\t"} or kept > 1 or not all(line.isprintable() for line in body.split("\n")):
        yield head + _quoted(value)
        return
    yield head + ("|" if kept else "|-")
    for line in body.split("\n"):
        yield " " * (indent + 2) + line if line else ""


def _scalar(value: object, *, flow: bool = False) -> str:
    if isinstance(value, str):
        return _text(value, flow=flow)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:  # noqa: PLR2004  # Go's %g limit
        return str(int(value))
    if isinstance(value, list):
        return f"[{', '.join(_scalar(part, flow=True) for part in cast('list[object]', value))}]"
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return f"{{{', '.join(f'{_text(key, flow=True)}: {_scalar(part, flow=True)}' for key, part in pairs)}}}"
    return json.dumps(value)


def _quoted(value: str) -> str:
    """Return a double-quoted scalar (YAML 1.2.2, section 5.7 "Escaped Characters")."""
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(named.get(one) or (one if one.isprintable() else f"\\U{ord(one):08x}") for one in value) + '"'


def _text(value: str, *, flow: bool = False) -> str:
    other = _NOT_A_STRING.fullmatch(value) and not _VERSION.fullmatch(value)
    if not value or other or not value.isprintable():
        return _quoted(value)
    plain = value[0] not in _START and value == value.strip() and not value.startswith(("---", "..."))
    plain = plain and not (value[0] in "-?:" and value[1:2] in {"", " "})
    plain = plain and ": " not in value and not value.endswith(":") and " #" not in value
    if flow:
        plain = plain and not any(letter in value for letter in ",?[]{}:")
    return value if plain else "'" + value.replace("'", "''") + "'"
