"""A tag that may move, asked for its digest without moving the manifest.

A HEAD of the manifest names its digest in ``Docker-Content-Digest`` (OCI distribution spec 1.1, "Checking if content
exists in the registry"). With ``If-None-Match`` the CNCF registry answers 304 while the tag stands where it stood
(distribution v3, ``registry/handlers/manifests.go``, ``etagMatch``); one that does not know the header answers as ever,
which costs no more. What a HEAD says is not trusted: the version is pulled by that digest, and its bytes are checked.
"""

from collections.abc import Callable
from dataclasses import replace

from .deadline import Deadline
from .errors import UsageError
from .plan import Latest, Source
from .reference import Reference
from .registry import Registry


class TagTracked:
    """Follows one tag.

    Args:
        reference: host, repository and tag; a digest in it is of no interest here.
        connect: makes what reads the registry within a deadline.
        pin: makes the source of one digest.

    Raises:
        UsageError: there is no tag.
    """

    def __init__(
        self,
        reference: Reference,
        connect: Callable[[Deadline], Registry],
        pin: Callable[[Registry, Reference], Source],
    ) -> None:
        if not reference.tag:
            raise UsageError(f"{str(reference)!r} names no tag, so nothing can move; write host/repository:tag")
        self._reference = replace(reference, digest="")
        self._connect = connect
        self._pin = pin

    def latest(self, token: str, deadline: Deadline) -> Latest | None:
        """Ask for the digest the tag has now. One attempt."""
        registry = self._connect(deadline)
        digest = registry.resolve(self._reference, token)
        if digest == token:
            return None
        pinned = replace(self._reference, digest=digest)
        return Latest(source=self._pin(registry, pinned), reference=str(pinned), token=digest)
