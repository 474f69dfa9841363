"""Names and labels every object carries, in one place so that selectors and monitors cannot drift apart."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

LABEL_LIMIT: Final = 63
"""Longest DNS-1123 label and label value (Kubernetes, "Object Names and IDs")."""

_HASH_LENGTH: Final = 8


def limited(name: str, limit: int = LABEL_LIMIT) -> str:
    """Return ``name`` if it fits, else its start and a hash of the whole, so that two long names stay different."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - _HASH_LENGTH - 1].rstrip('-.')}-{fingerprint(name)}"


def fingerprint(*parts: str) -> str:
    """Return eight hexadecimal digits that differ when one of the parts differs."""
    return sha256("\0".join(parts).encode()).hexdigest()[:_HASH_LENGTH]


def selector(name: str) -> dict[str, str]:
    """Return the labels that tell one model's pods from all others; never change for a living Deployment."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "slipway"}


def labels(name: str, component: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the recommended labels (Kubernetes, "Recommended Labels") for one object of ``name``.

    Args:
        name: model or part the object belongs to.
        component: role, for instance ``server``, ``loader`` or ``monitoring``.
        extra: further labels.
    """
    own = {"app.kubernetes.io/component": component, "app.kubernetes.io/managed-by": "pulumi"}
    return {**selector(name), **own, **(extra or {})}
