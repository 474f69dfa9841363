"""Files that the command line names for the check of signatures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .errors import UsageError
from .publickey import PublicKey, parse_public_key

BUNDLE_LIMIT_BYTES: Final = 32 * 1024 * 1024
"""Longest signature file; about 150 bytes are needed per file of the model."""


def read_keys(paths: Sequence[Path]) -> tuple[PublicKey, ...]:
    """Return the trusted keys, as their files hold them now.

    Raises:
        UsageError: one cannot be read, or is none that signatures can be checked with.
    """
    keys: list[PublicKey] = []
    for path in paths:
        try:
            keys.append(parse_public_key(read_option("--signature-key", path)))
        except ValueError as error:
            raise UsageError(f"--signature-key {path}: {error}") from error
    return tuple(keys)


def read_option(option: str, path: Path) -> bytes:
    """Return a file's bytes.

    Args:
        option: names the file in errors.
        path: where it is.

    Raises:
        UsageError: it cannot be read, or is too long.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror}") from error
    if len(data) > BUNDLE_LIMIT_BYTES:
        raise UsageError(f"{option} {path}: longer than {BUNDLE_LIMIT_BYTES} bytes")
    return data
