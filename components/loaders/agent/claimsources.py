"""From the command line to a directory."""

from .claim import ClaimSource, ClaimTracked, parse_claim
from .deadline import Deadline
from .logs import Log
from .plan import Source, Tracked
from .sourceoptions import SourceOptions


def pinned(options: SourceOptions, deadline: Deadline, log: Log) -> Source:  # noqa: ARG001  # as the other families
    """Return the version that the digest of a list pins."""
    return ClaimSource(deadline, parse_claim(options.reference, pinned=True), options.filters)


def moving(options: SourceOptions, log: Log) -> Tracked:  # noqa: ARG001  # as the other families
    """Return a directory whose list may be replaced."""
    return ClaimTracked(parse_claim(options.reference, pinned=False), options.filters)
