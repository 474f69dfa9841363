"""What the API server makes of an object that was sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from components.objects import Manifest


def differences(sent: object, kept: object, path: str = "spec") -> list[str]:
    """Return where ``kept`` lacks or changes something of ``sent``; what the API server adds is no difference."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        own, other = cast("Manifest", sent), cast("Manifest", kept)
        return [line for key in own for line in differences(own[key], other.get(key), f"{path}.{key}")]
    if isinstance(sent, list) and isinstance(kept, list):
        wanted, found = cast("list[object]", sent), cast("list[object]", kept)
        missing = [f"{path}: {len(wanted)} entries became {len(found)}"] if len(found) < len(wanted) else []
        pairs = enumerate(zip(wanted, found, strict=False))  # what is added comes last: tolerations, for instance
        return [line for at, (one, two) in pairs for line in differences(one, two, f"{path}[{at}]")] + missing
    return [] if sent == kept else [f"{path}: {sent!r} became {kept!r}"]
