"""Names of models on a Hugging Face hub, and the store's name for one commit of one of them."""

import re
from dataclasses import dataclass
from typing import Final

from .blob import identity
from .errors import UsageError
from .plan import store_key

MAIN: Final = "main"
"""Branch a hub serves where none is named (huggingface_hub 2.4.0, ``constants.DEFAULT_REVISION``)."""

_PART: Final = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,95}"
_REFERENCE: Final = re.compile(
    rf"(?P<repository>{_PART}(/{_PART})?)(:(?P<branch>[^\s:@?#]{{1,200}}))?(@(?P<commit>[0-9a-f]{{40}}))?"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class HuggingFaceReference:
    """One model.

    Attributes:
        repository: ``organisation/name``, or ``name`` for a few old ones.
        branch: branch or tag; for people once a commit pins the version. Empty stands for ``MAIN``.
        commit: 40 hex digits; empty for whatever the branch is now.
    """

    repository: str
    branch: str
    commit: str

    def pinned(self, commit: str) -> "HuggingFaceReference":
        """Return the same model at a commit."""
        return HuggingFaceReference(repository=self.repository, branch=self.branch, commit=commit)

    def key(self, filters: tuple[str, ...]) -> str:
        """Return the store's name: a commit names the same files whatever mirror serves them."""
        return store_key(f"sha256:{identity('huggingface', self.repository, self.commit)}", filters)

    def __str__(self) -> str:
        """Return the reference as it is written."""
        branch = f":{self.branch}" if self.branch else ""
        return f"{self.repository}{branch}" + (f"@{self.commit}" if self.commit else "")


def parse_huggingface(value: str, *, pinned: bool) -> HuggingFaceReference:
    """Parse ``organisation/name[:branch][@commit]``.

    Args:
        value: as given.
        pinned: whether the commit is needed.

    Raises:
        UsageError: it is no such reference, or pins nothing.
    """
    match = _REFERENCE.fullmatch(value)
    if match is None:
        raise UsageError(f"--reference {value!r} is not organisation/name[:branch]@<40 hex digits of the commit>")
    if pinned and not match["commit"]:
        raise UsageError(f"{value!r} has no commit; a branch may move between two pods, pin its 40 hex digits with @")
    return HuggingFaceReference(
        repository=match["repository"], branch=match["branch"] or "", commit=match["commit"] or ""
    )
