"""What a load consists of, decided before the first layer is moved."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .decompress import Compression
from .manifest import Descriptor
from .reference import Reference


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """One blob and where its content goes.

    Attributes:
        reference: repository the blob is read from.
        descriptor: digest, size and media type.
        form: ``tar`` is unpacked, ``raw`` is one file.
        compression: what wraps it.
        parts: path of the one file, or directory an archive is unpacked in; empty for the root.
        executable: mode of the one file.
    """

    reference: Reference
    descriptor: Descriptor
    form: Literal["tar", "raw"]
    compression: Compression
    parts: tuple[str, ...] = ()
    executable: bool = False

    @property
    def key(self) -> str:
        """A file name for this blob at this place; equal keys mean equal results."""
        place = f"{self.form}|{self.compression}|{'/'.join(self.parts)}|{self.executable}"
        return f"{self.descriptor.digest[7:]}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything one version consists of.

    Attributes:
        layers: blobs to move; no two with the same key.
        files: small files written as they are, by path.
        resolved: parents that were named by tag, and the digest each tag had.
    """

    layers: tuple[Layer, ...]
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    resolved: Mapping[str, str] = field(default_factory=dict[str, str])


class Source(Protocol):
    """Where a model comes from."""

    @property
    def key(self) -> str:
        """Name of this selection of this version in the store; known without any network."""
        ...

    def plan(self) -> Plan:
        """Ask the source what there is to move.

        Raises:
            AgentError: it cannot be asked, or holds what is refused.
        """
        ...


def store_key(digest: str, selection: tuple[str, ...]) -> str:
    """Return the store's name for a digest, and for the selection if it is not everything."""
    name = digest.replace(":", "-")
    if not selection:
        return name
    return f"{name}.{hashlib.sha256(chr(10).join(sorted(set(selection))).encode()).hexdigest()[:12]}"


def unique(layers: list[Layer]) -> tuple[Layer, ...]:
    """Drop repetitions of the same blob at the same place, keeping the order."""
    return tuple({layer.key: layer for layer in layers}.values())
