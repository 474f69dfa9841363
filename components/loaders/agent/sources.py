"""From the command line to a source."""

from typing import Protocol

from .deadline import Deadline
from .logs import Log
from .plan import Source, Tracked
from .sourceoptions import Kind, SourceOptions


class _Family(Protocol):
    """What the module of a family of sources gives."""

    def pinned(self, options: SourceOptions, deadline: Deadline, log: Log) -> Source: ...

    def moving(self, options: SourceOptions, log: Log) -> Tracked: ...


def _family(kind: Kind) -> _Family:
    """Import the one family that is needed: in a pod nothing is compiled ahead, so each module costs start-up time."""
    match kind:
        case "modelkit" | "oci":
            from . import registrysources

            return registrysources
        case "s3":
            from . import s3sources

            return s3sources
        case "http" | "huggingface":
            from . import websources

            return websources
        case "claim":
            from . import claimsources

            return claimsources


def pinned_source(options: SourceOptions, deadline: Deadline, log: Log) -> Source:
    """Return the version that a reference pins.

    Raises:
        UsageError: the reference cannot be right, or pins nothing.
    """
    return _family(options.kind).pinned(options, deadline, log)


def tracked(options: SourceOptions, log: Log) -> Tracked:
    """Return a name that may move; what pins it in the reference, if anything, is not looked at.

    Raises:
        UsageError: the reference cannot be right, or names nothing that can move.
    """
    return _family(options.kind).moving(options, log)
