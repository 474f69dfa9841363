"""Layers that need no registry."""

from dataclasses import dataclass

from components.loaders.agent.blob import Body, identity
from components.loaders.agent.errors import NotFoundError
from components.loaders.agent.plan import Layer
from tests.components.loaders.agent.fake_registry import digest_of


@dataclass(frozen=True)
class NamedBlob:
    """A blob that can be named, not read."""

    name: str
    digest: str
    size: int

    @property
    def identity(self) -> str:
        return identity(self.name)

    def open(self, offset: int) -> Body:
        """Refuse."""
        raise NotFoundError(f"{self.name} from {offset}: this blob has no bytes")


def layer_at(path: str, data: bytes = b"12345", *, vouched: bool = True) -> Layer:
    """Return the layer of one file, with or without a digest for its bytes."""
    blob = NamedBlob(name=path, digest=digest_of(data) if vouched else "", size=len(data))
    return Layer(blob=blob, form="raw", compression="", parts=(path,))
