"""A directory on a mounted volume as a source: a list of files that is pinned by its digest, and the files beside it.

The files are brought into the store like any other: verified, under the store's own names. Hard links are never made,
although they would save the copy: whoever wrote to the old name would change a version that is served. Between two
mounts in one pod they could not be made anyway (link(2), EXDEV). Where the file system can share blocks until one side
is written to, that is used instead (``LocalBlob.clone_into``).
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .deadline import Deadline
from .errors import NotFoundError, UsageError
from .filelist import LIST_LIMIT_BYTES, LIST_NAME, ListedFile, chosen, parse_file_list, pinned_file_list
from .localfile import LocalBlob, read_whole, size_bytes
from .plan import Latest, Layer, Plan, store_key

_REFERENCE: Final = re.compile(r"(?P<directory>/.*?)(@(?P<digest>sha256:[0-9a-f]{64}))?", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimReference:
    """A directory, and which list it must have.

    Attributes:
        directory: absolute; links in it are followed, those below it are not.
        digest: ``sha256:<hex>`` of the list; empty for whatever it is now.
    """

    directory: Path
    digest: str

    def pinned(self, digest: str) -> "ClaimReference":
        """Return the same place, pinned."""
        return ClaimReference(directory=self.directory, digest=digest)

    def __str__(self) -> str:
        """Return the reference as it is written."""
        return f"{self.directory}@{self.digest}" if self.digest else str(self.directory)


def parse_claim(value: str, *, pinned: bool) -> ClaimReference:
    """Parse ``/directory[@sha256:…]``.

    Args:
        value: as given.
        pinned: whether the digest is needed.

    Raises:
        UsageError: it is no such reference, or pins nothing.
    """
    match = _REFERENCE.fullmatch(value)
    if match is None:
        raise UsageError(f"--reference {value!r} is not /directory@sha256:…, the digest being that of its {LIST_NAME}")
    if pinned and not match["digest"]:
        raise UsageError(
            f"{value!r} has no @sha256: digest; files may change between two pods, pin the digest `sha256sum` has for "
            f"{LIST_NAME}"
        )
    return ClaimReference(directory=Path(match["directory"]), digest=match["digest"] or "")


class ClaimSource:
    """Loads the files a directory's list names.

    Args:
        deadline: bounds everything.
        reference: the directory; pinned by digest.
        filters: patterns of which a path must match one; empty for all.
    """

    def __init__(self, deadline: Deadline, reference: ClaimReference, filters: tuple[str, ...]) -> None:
        self._deadline = deadline
        self._reference = reference
        self._filters = filters

    @property
    def key(self) -> str:
        """Name in the store: the list's digest, and the selection."""
        return store_key(self._reference.digest, self._filters)

    def plan(self) -> Plan:
        """Read the list and look at every file.

        Raises:
            DigestError: the list is not the pinned one.
            NotFoundError: the directory, the list or a file is not there.
            UnsafeError: a link, or something that is no file.
        """
        root = _directory(self._reference)
        data = read_whole(root, LIST_NAME, LIST_LIMIT_BYTES)
        where = str(self._reference.directory / LIST_NAME)
        files = chosen(pinned_file_list(data, self._reference.digest, where), self._filters, where)
        return Plan(layers=tuple(self._layer(root, file) for file in files))

    def _layer(self, root: Path, file: ListedFile) -> Layer:
        self._deadline.check()
        blob = LocalBlob(root=root, name=file.path, digest=file.digest, size=size_bytes(root, file.path))
        return Layer(blob=blob, form="raw", compression="", parts=tuple(file.path.split("/")))


class ClaimTracked:
    """A directory whose list may be replaced.

    Args:
        reference: the directory; a digest in it is ignored.
        filters: as for ``ClaimSource``.
    """

    def __init__(self, reference: ClaimReference, filters: tuple[str, ...]) -> None:
        self._reference = reference
        self._filters = filters

    def latest(self, token: str, deadline: Deadline) -> Latest | None:
        """Read the list; the token is its digest."""
        data = read_whole(_directory(self._reference), LIST_NAME, LIST_LIMIT_BYTES)
        found = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if found == token:
            return None
        parse_file_list(data, str(self._reference.directory / LIST_NAME))
        pinned = self._reference.pinned(found)
        return Latest(source=ClaimSource(deadline, pinned, self._filters), reference=str(pinned), token=found)


def _directory(reference: ClaimReference) -> Path:
    """Return the directory without links, so that a link that moves meanwhile does not mix two versions."""
    try:
        return Path(os.path.realpath(reference.directory, strict=True))
    except OSError as error:
        raise NotFoundError(f"{reference.directory}: {error.strerror}; mount the volume there") from error
