"""The Kitfile of a ModelKit as its config blob holds it (kitops v1.17 ``pkg/artifact/kitfile.go``)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from . import jsonread
from .reference import Reference, is_digest, parse

_LISTS: Final = ("code", "datasets", "docs", "prompts", "mcpServers")


@dataclass(frozen=True, kw_only=True, slots=True)
class KitEntry:
    """One entry that has, or in old kits should have, a layer.

    Attributes:
        part: word a filter selects it with.
        base: the layer media type's word for it.
        name: as in the Kitfile; empty where the section has none.
        path: as in the Kitfile.
        digest: of its layer; empty in kits from before the Kitfile said so.
    """

    part: str
    base: str
    name: str
    path: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Kitfile:
    """The parts of a Kitfile that loading needs, and the whole for writing it out.

    Attributes:
        entries: in the order the layers have.
        parent: ModelKit that brings the model, if ``model.path`` names one.
        raw: all of it.
    """

    entries: tuple[KitEntry, ...]
    parent: Reference | None
    raw: Mapping[str, object]


def _parent(path: str) -> Reference | None:
    # A path with ':' or '@' is taken for a reference, as kit does; kit's own default host would mean kit's local store.
    return parse(path) if ":" in path or "@" in path else None


def _entry(part: str, base: str, value: object, where: str) -> KitEntry:
    raw = jsonread.mapping(value, where)
    digest = jsonread.text(raw.get("digest"), f"{where}.digest")
    return KitEntry(
        part=part,
        base=base,
        name=jsonread.text(raw.get("name"), f"{where}.name"),
        path=jsonread.text(raw.get("path"), f"{where}.path"),
        digest=digest if is_digest(digest) else "",
    )


def _entries(raw: Mapping[str, object]) -> Iterator[KitEntry]:
    model = jsonread.mapping(raw.get("model"), "Kitfile model")
    if jsonread.text(model.get("path"), "Kitfile model.path"):
        yield _entry("model", "model", model, "Kitfile model")
    for index, part in enumerate(jsonread.items(model.get("parts"), "Kitfile model.parts")):
        yield _entry("model", "modelpart", part, f"Kitfile model.parts[{index}]")
    for section in _LISTS:
        for index, value in enumerate(jsonread.items(raw.get(section), f"Kitfile {section}")):
            where = f"Kitfile {section}[{index}]"
            if jsonread.text(jsonread.mapping(value, where).get("remotePath"), f"{where}.remotePath"):
                continue  # kept elsewhere, the kit holds no layer for it
            base = "dataset" if section == "datasets" else section
            yield _entry(section.lower(), base, value, where)


def parse_kitfile(data: bytes) -> Kitfile:
    """Parse a config blob.

    Raises:
        UnsupportedError: not a Kitfile.
        UsageError: ``model.path`` looks like a reference and is none.
    """
    raw = jsonread.document(data, "Kitfile")
    entries = tuple(_entries(raw))
    parent = next((found for entry in entries if entry.base == "model" and (found := _parent(entry.path))), None)
    if parent is not None:
        entries = tuple(entry for entry in entries if entry.base != "model")
    return Kitfile(entries=entries, parent=parent, raw=raw)
