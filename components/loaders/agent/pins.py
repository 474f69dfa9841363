"""What pins a reference, whichever kind of source it is for."""

import re
from typing import Final

_PIN: Final = re.compile(r"@(?P<pin>sha256:[0-9a-f]{64}|[0-9a-f]{40})\Z")


def split_pin(reference: str) -> tuple[str, str]:
    """Return the part that may move and what pins it: a digest, a commit, or an empty text."""
    match = _PIN.search(reference)
    return (reference, "") if match is None else (reference[: match.start()], match["pin"])


def version_name(reference: str) -> str:
    """Return what people call the version: a tag or a branch; empty if the reference has none."""
    name, _ = split_pin(reference)
    return name.rpartition("/")[2].partition(":")[2]
