"""What a load consists of, decided before the first layer is moved."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from .blob import Blob
from .deadline import Deadline
from .decompress import Compression
from .reference import Reference


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """One blob and where its content goes.

    Attributes:
        blob: the bytes.
        form: ``tar`` is unpacked, ``raw`` is one file.
        compression: what wraps it.
        parts: path of the one file, or directory an archive is unpacked in; empty for the root.
        executable: mode of the one file.
    """

    blob: Blob
    form: Literal["tar", "raw"]
    compression: Compression
    parts: tuple[str, ...] = ()
    executable: bool = False

    @property
    def key(self) -> str:
        """A file name for this blob at this place; equal keys mean equal results."""
        place = f"{self.form}|{self.compression}|{'/'.join(self.parts)}|{self.executable}".encode(
            errors="surrogateescape"
        )
        return f"{self.blob.identity}-{hashlib.sha256(place).hexdigest()[:8]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything one version consists of.

    Attributes:
        layers: blobs to move; no two with the same key.
        files: small files written as they are, by path.
        resolved: parents that were named by tag, and the digest each tag had.
        manifests: what the layers were read from, the version's own first, each with its digest; empty where there are
            no manifests.
    """

    layers: tuple[Layer, ...]
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    resolved: Mapping[str, str] = field(default_factory=dict[str, str])
    manifests: tuple[Reference, ...] = ()


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Latest:
    """The version a moving name stands for.

    Attributes:
        source: that version, pinned.
        reference: the same as a reference that pins it, for logs and receipts.
        token: what a later question carries to get no answer while nothing moved (an ETag, a digest).
    """

    source: Source
    reference: str
    token: str


class Tracked(Protocol):
    """A name that may move, a tag or a branch for instance."""

    def latest(self, token: str, deadline: Deadline) -> Latest | None:
        """Ask what the name stands for now. One attempt.

        Args:
            token: of the last answer; empty the first time.
            deadline: bounds the question, and what is loaded with the answer.

        Returns:
            The version, or None if it is the one the token came with.

        Raises:
            AgentError: it cannot be asked, or is gone.
        """
        ...


class TreeCheck(Protocol):
    """Something a whole tree must pass before it may become a version.

    Attributes:
        name: stands in the receipt of every version that passed; holds whatever the verdict depends on, the
            fingerprint of a key for instance.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  # described above

    def check(self, tree: Path) -> None:
        """Look at the tree.

        Raises:
            AgentError: it is refused; what was current stays.
        """
        ...


class PlanCheck(Protocol):
    """Something a plan must pass before its first layer is moved.

    Attributes:
        name: as a ``TreeCheck`` has one.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  # described above

    def check_plan(self, plan: Plan) -> None:
        """Look at the plan.

        Raises:
            AgentError: it is refused; what was current stays.
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
