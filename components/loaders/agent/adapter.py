"""How a runtime learns that another version of its model is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from .deadline import Deadline

Swap = Literal["in-place", "reload"]
"""How an adapter of weights is replaced: without a gap, or by taking the old one away first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version in the store, as a runtime may be told of it.

    Attributes:
        key: the store's name for it.
        path: its directory; never changes once it is there.
        link: the link that stands for whatever is current.
    """

    key: str
    path: Path
    link: Path


class Adapter(Protocol):
    """Tells one runtime. The link was switched already when it is called."""

    def prepare(self, version: Version) -> None:
        """Lay out what the runtime reads when it starts, for a version that was loaded before it runs.

        Without any network, so an init container can do it and a sidecar need not wait for a server that waits for it.
        """
        ...

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:
        """Tell the runtime of a version, and return once it is proven to serve it.

        Calling it again with the version that is served changes nothing.

        Args:
            version: what is current now.
            previous: what the runtime served before; None at the first.
            deadline: bounds telling and proof.

        Raises:
            RuntimeRefusedError: the runtime cannot take it and goes on serving what it had.
            NetworkError: the runtime cannot be reached.
        """
        ...

    def retire(self, version: Version, deadline: Deadline) -> None:
        """Take back what ``apply`` left for a version that no one serves any more, before its files go."""
        ...
