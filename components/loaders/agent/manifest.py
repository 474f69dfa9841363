"""OCI manifests and descriptors (OCI image spec 1.1, "Image Manifest" and "Content Descriptors")."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from . import jsonread
from .errors import UnsupportedError
from .reference import is_digest

MANIFEST_LIMIT_BYTES: Final = 4 * 1024 * 1024
"""Largest manifest or config that is read; registries accept up to 4 MiB (OCI distribution spec 1.1)."""

INDEX: Final = "application/vnd.oci.image.index.v1+json"
"""Media type of a list of manifests."""

ACCEPT: Final = (
    f"application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, {INDEX};q=0.1"
)
"""Media types asked for. An index is taken for what refers to a manifest; elsewhere only to say that it is refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Descriptor:
    """What a manifest says about one blob.

    Attributes:
        media_type: how to read the bytes.
        digest: ``sha256:`` and 64 hex digits.
        size: bytes.
        annotations: free text by key.
    """

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """A config and the layers, in order."""

    config: Descriptor
    layers: tuple[Descriptor, ...]


def _descriptor(value: object, where: str) -> Descriptor:
    raw = jsonread.mapping(value, where)
    digest = jsonread.text(raw.get("digest"), f"{where}.digest")
    if not is_digest(digest):
        raise UnsupportedError(f"{where}.digest: {digest!r} is not a sha256 digest; other algorithms are not read")
    annotations = jsonread.mapping(raw.get("annotations"), f"{where}.annotations")
    return Descriptor(
        media_type=jsonread.text(raw.get("mediaType"), f"{where}.mediaType"),
        digest=digest,
        size=jsonread.count(raw.get("size"), f"{where}.size"),
        annotations={key: jsonread.text(note, f"{where}.annotations.{key}") for key, note in annotations.items()},
    )


def parse_manifest(data: bytes, where: str) -> Manifest:
    """Parse a manifest.

    Raises:
        UnsupportedError: an index of several manifests, or not a manifest at all.
    """
    raw = jsonread.document(data, where)
    if "manifests" in raw:
        raise UnsupportedError(f"{where}: this digest is an index of several manifests; pin the digest of one of them")
    if "layers" not in raw or "config" not in raw:
        raise UnsupportedError(f"{where}: no config or layers; this is not an OCI manifest")
    layers = jsonread.items(raw["layers"], f"{where}.layers")
    return Manifest(
        config=_descriptor(raw["config"], f"{where}.config"),
        layers=tuple(_descriptor(layer, f"{where}.layers[{index}]") for index, layer in enumerate(layers)),
    )
