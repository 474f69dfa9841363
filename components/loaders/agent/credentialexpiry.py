"""When the credentials of a source end, where they say so themselves."""

import base64
import json
from contextlib import suppress
from typing import cast

from .credentials import DockerConfig
from .errors import AgentError
from .reference import parse
from .sourceoptions import SourceOptions


def expiry_seconds(options: SourceOptions) -> float | None:
    """Return the time (Unix, seconds) at which the credentials end, or None.

    Only a JSON Web Token says it, by its claim ``exp`` (RFC 7519 section 4.1.4); some registries give such tokens as
    passwords. The signature is not checked: this is a warning, not a permission. The short-lived tokens that a registry
    hands out for one pull do not count: they are renewed by themselves.
    """
    found = [expiry for secret in _secrets(options) if (expiry := token_expiry_seconds(secret)) is not None]
    return min(found, default=None)


def token_expiry_seconds(secret: str) -> float | None:
    """Return the claim ``exp`` of a JSON Web Token, or None if it is none."""
    parts = secret.split(".")
    if len(parts) != 3:  # noqa: PLR2004  # head, claims, signature
        return None
    with suppress(ValueError):
        claims: object = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expiry = cast("dict[str, object]", claims).get("exp") if isinstance(claims, dict) else None
        if isinstance(expiry, int | float) and not isinstance(expiry, bool):
            return float(expiry)
    return None


def _secrets(options: SourceOptions) -> list[str]:
    with suppress(AgentError, OSError, ValueError):  # what is wrong with them is told where they are used
        if options.credentials is not None:
            return [options.credentials.read_text(encoding="utf-8").strip()]
        if options.registry_config is not None:
            reference = parse(options.reference)
            found = DockerConfig(options.registry_config).lookup(reference.host, reference.repository)
            return [] if found is None else [found.password, found.identity_token]
    return []
