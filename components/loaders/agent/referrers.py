"""What refers to a manifest (OCI distribution spec 1.1, "Listing Referrers" and "Referrers Tag Schema")."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from . import jsonread
from .errors import NotFoundError, UnsupportedError
from .reference import Reference, is_digest
from .registry import Registry

PAGE_LIMIT: Final = 16
"""Most pages of a listing that are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Referrer:
    """One manifest that refers to another.

    Attributes:
        digest: its own.
        artifact_type: what it is; empty where the registry does not say.
        annotations: of the manifest, as far as the registry repeats them.
    """

    digest: str
    artifact_type: str
    annotations: Mapping[str, object]


def list_referrers(registry: Registry, reference: Reference) -> list[Referrer]:
    """Return all that refers to a manifest; nothing if nothing does.

    Args:
        registry: where it is.
        reference: pinned by digest.

    Raises:
        UnsupportedError: the listing cannot be read, or has too many pages.
    """
    where = f"what refers to {reference}"
    try:
        data, query = registry.referrers(reference, "")
    except NotFoundError:
        return _by_tag(registry, reference, where)
    found = _read(data, where)
    for _ in range(PAGE_LIMIT - 1):
        if not query:
            return found
        data, query = registry.referrers(reference, query)
        found += _read(data, where)
    if query:
        raise UnsupportedError(f"{where}: more than {PAGE_LIMIT} pages")
    return found


def manifest_if_any(registry: Registry, reference: Reference) -> bytes | None:
    """Return a manifest's bytes, or None if there is none."""
    try:
        return registry.manifest(reference)[0]
    except NotFoundError:
        return None


def _by_tag(registry: Registry, reference: Reference, where: str) -> list[Referrer]:
    """Read the index that clients keep under a tag where the registry keeps no listing."""
    tagged = replace(reference, tag=reference.digest.replace(":", "-"), digest="")
    data = manifest_if_any(registry, tagged)
    return [] if data is None else _read(data, where)


def _read(data: bytes, where: str) -> list[Referrer]:
    return [_referrer(entry, where) for entry in jsonread.items(jsonread.document(data, where).get("manifests"), where)]


def _referrer(entry: object, where: str) -> Referrer:
    raw = jsonread.mapping(entry, where)
    digest = jsonread.text(raw.get("digest"), f"{where}: digest")
    if not is_digest(digest):
        raise UnsupportedError(f"{where}: {digest!r} is not a sha256 digest")
    return Referrer(
        digest=digest,
        artifact_type=jsonread.text(raw.get("artifactType"), f"{where}: artifactType"),
        annotations=jsonread.mapping(raw.get("annotations"), f"{where}: annotations"),
    )
