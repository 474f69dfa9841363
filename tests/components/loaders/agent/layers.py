"""Layers that need no registry."""

from dataclasses import dataclass

from components.loaders.agent.blob import Body, identity
from components.loaders.agent.deadline import Deadline
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


class BytesBody:
    """A body that has come already."""

    def __init__(self, data: bytes, start: int) -> None:
        self.start = start
        self._rest = [data[start:]]

    def read(self, deadline: Deadline) -> bytes:
        """Return all, then nothing."""
        deadline.check()
        return self._rest.pop() if self._rest else b""

    def close(self) -> None:
        """Nothing is held."""


class BytesBlob:
    """A blob in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.name = self.digest = digest_of(data)
        self.identity = identity(self.name)
        self.size = len(data)

    def open(self, offset: int) -> BytesBody:
        """Read from an offset."""
        return BytesBody(self._data, offset)


def layer_at(path: str, data: bytes = b"12345", *, vouched: bool = True) -> Layer:
    """Return the layer of one file, with or without a digest for its bytes."""
    blob = NamedBlob(name=path, digest=digest_of(data) if vouched else "", size=len(data))
    return Layer(blob=blob, form="raw", compression="", parts=(path,))
