"""What layer media types mean: KitOps ModelKit, CNCF ModelPack and OCI.

Sources: kitops v1.17 ``pkg/lib/constants/mediatype``; modelpack model-spec v0.0.7 ``specs-go/v1/mediatype.go``;
OCI image spec 1.1 "Media Types".
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from .decompress import Compression
from .errors import UnsupportedError

KIT_CONFIG: Final = "application/vnd.kitops.modelkit.config.v1+json"
PACK_CONFIG: Final = "application/vnd.cncf.model.config.v1+json"

Part = Literal["model", "code", "datasets", "docs", "mcpservers", ""]

_TYPED: Final = re.compile(
    r"application/vnd\.(?:kitops\.modelkit|cncf\.model)\.(?P<base>[a-z]+(?:\.config)?)\.v1"
    r"\.(?P<form>tar|raw)(?:[+.](?P<packed>gzip|gzip-fastest|zstd))?"
)
_OCI_TAR: Final = re.compile(
    r"application/vnd\.(?:oci\.image\.layer\.v1|docker\.image\.rootfs\.diff)\.tar(?:[+.](?P<packed>gzip|zstd))?"
)
_PARTS: Final[dict[str, Part]] = {
    "model": "model",
    "modelpart": "model",
    "weight": "model",
    "weight.config": "model",
    "code": "code",
    "dataset": "datasets",
    "docs": "docs",
    "doc": "docs",
    "mcpb": "mcpservers",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerType:
    """A media type, taken apart.

    Attributes:
        part: section of the Kitfile it belongs to; empty if the type does not say.
        base: the type's own word, for instance ``modelpart``.
        form: archive or single file.
        compression: what wraps it.
    """

    part: Part
    base: str
    form: Literal["tar", "raw"]
    compression: Compression


def _compression(word: str | None) -> Compression:
    match word:
        case "gzip" | "gzip-fastest":
            return "gzip"
        case "zstd":
            return "zstd"
        case _:
            return ""


def model_layer_type(media_type: str) -> LayerType:
    """Return what a ModelKit or ModelPack layer is.

    Raises:
        UnsupportedError: neither.
    """
    match = _TYPED.fullmatch(media_type)
    part: Part = _PARTS.get(match["base"], "") if match else ""
    if match is None or not part:
        raise UnsupportedError(f"layer media type {media_type!r} is neither a ModelKit's nor a ModelPack's")
    form = "raw" if match["form"] == "raw" else "tar"
    return LayerType(part=part, base=match["base"], form=form, compression=_compression(match["packed"]))


def archive_compression(media_type: str) -> Compression | None:
    """Return how a plain OCI archive layer is packed, or None if the type is not an archive."""
    match = _OCI_TAR.fullmatch(media_type)
    return None if match is None else _compression(match["packed"])
