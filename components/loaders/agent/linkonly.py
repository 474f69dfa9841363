"""A runtime that needs no telling: it is started on the link, or looks at it by itself."""

from .adapter import Version
from .deadline import Deadline


class LinkOnly:
    """The link was switched already; there is nothing to do and nothing to prove."""

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:
        """Do nothing."""

    def retire(self, version: Version, deadline: Deadline) -> None:
        """Do nothing."""
