"""A blob of a registry (OCI distribution spec 1.1, "Pulling blobs")."""

from dataclasses import dataclass

from .blob import Body, HttpBody
from .manifest import Descriptor
from .reference import Reference
from .registry import Registry
from .widening import open_widening


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
        return open_widening(self, offset, self.registry.deadline, self.registry.log)

    def open_rest(self, offset: int) -> HttpBody:
        """Start reading to the end."""
        return self._body(offset, {"Range": f"bytes={offset}-"} if offset else {})

    def open_part(self, start: int, end: int) -> HttpBody:
        """Start reading up to an end."""
        return self._body(start, {"Range": f"bytes={start}-{end - 1}"})

    def _body(self, offset: int, headers: dict[str, str]) -> HttpBody:
        response = self.registry.request(self.reference, f"blobs/{self.descriptor.digest}", headers)
        return HttpBody(response, name=self.name, offset=offset, size=self.size)
