"""A blob of a registry (OCI distribution spec 1.1, "Pulling blobs")."""

from dataclasses import dataclass
from functools import partial

from .blob import Body
from .manifest import Descriptor
from .reference import Reference
from .registry import Registry
from .widening import HttpRanges, open_widening


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryBlob:
    """One layer of one repository.

    Attributes:
        registry: how it is read.
        reference: repository that has it.
        descriptor: digest, size and media type.
    """

    registry: Registry
    reference: Reference
    descriptor: Descriptor

    @property
    def name(self) -> str:
        """The digest."""
        return self.descriptor.digest

    @property
    def digest(self) -> str:
        """What its bytes must be."""
        return self.descriptor.digest

    @property
    def identity(self) -> str:
        """The digest's hex digits."""
        return self.descriptor.digest.removeprefix("sha256:")

    @property
    def size(self) -> int:
        """Bytes."""
        return self.descriptor.size

    def open(self, offset: int) -> Body:
        """Start reading; the answer may be whole or a part. One attempt.

        Raises:
            AgentError: it cannot be read.
        """
        registry = self.registry
        ask = partial(registry.request, self.reference, f"blobs/{self.digest}")
        return open_widening(
            HttpRanges(ask=ask, name=self.name, size=self.size), offset, registry.deadline, registry.log
        )
