"""Choosing parts of a ModelKit, with the meaning of ``kit unpack --filter`` (kitops v1.7 to v1.17, ``filter.go``)."""

from dataclasses import dataclass
from typing import Final

from .errors import UsageError

_TYPES: Final = ("kitfile", "model", "datasets", "code", "docs", "prompts", "mcpservers")


@dataclass(frozen=True, kw_only=True, slots=True)
class KitFilter:
    """One ``--filter``.

    Attributes:
        types: kinds of entries.
        names: names or paths of which an entry must have one, exactly as in the Kitfile; empty for any.
    """

    types: frozenset[str]
    names: frozenset[str]

    def matches(self, part: str, name: str, path: str) -> bool:
        """Return whether an entry is chosen."""
        return part in self.types and (not self.names or name in self.names or path in self.names)


def parse_filter(value: str) -> KitFilter:
    """Parse ``types[:names]``, both lists with commas: ``datasets:a,docs`` means two *names* of datasets.

    Raises:
        UsageError: an unknown type or an empty name.
    """
    types, colon, names = value.partition(":")
    for word in types.split(","):
        if word not in _TYPES:
            raise UsageError(f"--filter {value!r}: {word!r} is not one of {', '.join(_TYPES)}")
    chosen = names.split(",") if colon else []
    if ":" in names or "" in chosen:
        raise UsageError(f"--filter {value!r}: write types, or types:names, for instance model or datasets:train")
    return KitFilter(types=frozenset(types.split(",")), names=frozenset(chosen))


def selects(filters: tuple[KitFilter, ...], part: str, name: str = "", path: str = "") -> bool:
    """Return whether any filter chooses an entry; no filters choose everything."""
    return not filters or any(one.matches(part, name, path) for one in filters)


def selects_kitfile(filters: tuple[KitFilter, ...]) -> bool:
    """Return whether the Kitfile is written: without filters, or when one names it."""
    return not filters or any("kitfile" in one.types for one in filters)


def for_parent(filters: tuple[KitFilter, ...]) -> tuple[KitFilter, ...] | None:
    """Return the filters for a parent kit, which gives only its model; None if nothing of it is wanted."""
    if not filters:
        return (KitFilter(types=frozenset({"model"}), names=frozenset()),)
    narrowed = [KitFilter(types=frozenset({"model"}), names=one.names) for one in filters if "model" in one.types]
    return tuple(narrowed) or None
