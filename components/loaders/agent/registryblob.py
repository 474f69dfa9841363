"""A blob of a registry (OCI distribution spec 1.1, "Pulling blobs")."""

from dataclasses import dataclass

from .blob import HttpBody
from .manifest import Descriptor
from .reference import Reference
from .registry import Registry


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

    def open(self, offset: int) -> HttpBody:
        """Start reading; the answer may be whole or a part. One attempt."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        response = self.registry.request(self.reference, f"blobs/{self.descriptor.digest}", headers)
        return HttpBody(response, name=self.name, offset=offset, size=self.size)
