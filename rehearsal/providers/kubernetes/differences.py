"""Compare what a program wants with what it got last time, path by path.

The old side is the last known live object cut down to the old inputs' shape, so fields that others own never show.
Rules: ``convertPatchToDiff`` and ``pruneLiveState`` of pulumi-kubernetes 4.34 ``provider/pkg/provider``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rehearsal.providers.codec import UNKNOWN, Json, is_array, is_object

Path = tuple[str | int, ...]
_SPECIAL: Final = re.compile(r'[."\[\]]')
_SEGMENT: Final = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|\.?([^.\[\]]+)')


class Change(StrEnum):
    """What happened to a property; values are names of ``PropertyDiff.Kind``."""

    ADD = "ADD"
    DELETE = "DELETE"
    UPDATE = "UPDATE"


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed property."""

    path: Path
    change: Change


def prune(live: Json, shape: Json) -> Json:
    """Cut a value down to the keys and list positions that a shape has."""
    if is_object(live) and is_object(shape):
        return {key: prune(item, shape[key]) for key, item in live.items() if key in shape}
    if is_array(live) and is_array(shape):
        return [prune(item, want) for item, want in zip(live, shape, strict=False)]
    return live


def compare(old: Json, new: Json, path: Path = ()) -> Iterator[Difference]:
    """List the changed properties, from the outermost object that was added or removed down to single values."""
    if is_object(old) and is_object(new):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _compare_entry(old.get(key), new.get(key), (*path, key))
    elif is_array(old) and is_array(new):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from _compare_entry(before, after, (*path, index))
    elif old != new:
        yield Difference(path, Change.UPDATE)


def _compare_entry(old: Json, new: Json, path: Path) -> Iterator[Difference]:
    if old is None:
        if new is not None:
            yield Difference(path, Change.ADD)
    elif new is None:
        yield Difference(path, Change.DELETE)
    elif new is UNKNOWN:
        yield Difference(path, Change.UPDATE)
    else:
        yield from compare(old, new, path)


def show(path: Path) -> str:
    """Write a path as the engine does: ``spec.containers[0].image``, ``metadata.annotations["a.b/c"]``."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        elif _SPECIAL.search(part):
            escaped = part.replace('"', '\\"')
            shown += f'["{escaped}"]'
        else:
            shown += f".{part}" if shown else part
    return shown


def parse(shown: str) -> Path:
    """Read a path as the engine writes it. ``[*]`` stays the string ``*``."""
    path: list[str | int] = []
    for quoted, index, plain in _SEGMENT.findall(shown):
        if index:
            path.append(index if index == "*" else int(index))
        else:
            path.append(quoted.replace('\\"', '"') if quoted else plain)
    return tuple(path)


def covers(ignored: Path, path: Path) -> bool:
    """Tell whether an ignored path is the path or a parent of it."""
    return len(ignored) <= len(path) and all(want in ("*", have) for want, have in zip(ignored, path, strict=False))
