"""Fetches one file and refuses it unless its SHA-256 is the published one."""

from __future__ import annotations

import hashlib
import http.client
import json
import urllib.request
from typing import TYPE_CHECKING, Any, cast

from rehearsal.toolchain.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TIMEOUT_SECONDS = 20.0  # without a byte, not for the whole file
_CHUNK = 1 << 18
_MIB = 1 << 20
_SMALL = 4 << 20


def fetch(address: str, target: Path, sha256: str, tick: Callable[[str], None]) -> None:
    """Writes a file that has exactly this checksum, or no file.

    Args:
        address: Where it is.
        target: Where it goes; removed again when anything is wrong.
        sha256: The published checksum, hexadecimal.
        tick: Called with a text such as `12 of 90 MiB`.

    Raises:
        DownloadError: The server failed or the bytes are not the published ones.
    """
    digest = hashlib.sha256()
    try:
        with _open(address) as answer, target.open("wb") as output:
            size = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(_CHUNK):
                output.write(chunk)
                digest.update(chunk)
                tick(f"{output.tell() // _MIB} of {size // _MIB} MiB" if size else f"{output.tell() // _MIB} MiB")
    except (OSError, http.client.HTTPException) as error:
        target.unlink(missing_ok=True)
        raise DownloadError(f"cannot download {address}: {error}") from error
    if digest.hexdigest() != sha256.lower():
        target.unlink()
        raise DownloadError(
            f"{address} has SHA-256 {digest.hexdigest()}, published is {sha256}: the file was refused. "
            "Something between here and the server changed it, or it was cut short; try again on another network"
        )


def sidecar_checksum(address: str) -> str:
    """The checksum in the file `<address>.sha256`."""
    return _checksum(_small(f"{address}.sha256").split(), f"{address}.sha256")


def listed_checksum(listing: str, name: str) -> str:
    """The checksum of a file in a `SHA256SUMS` listing."""
    lines = (line.split() for line in _small(listing).splitlines())
    found = next((line[0] for line in lines if len(line) > 1 and line[-1].lstrip("*") == name), "")
    return _checksum([found], f"{listing} for {name}")


def release_checksum(release: str, name: str) -> str:
    """The digest that the GitHub API gives for a file of a release.

    Source: https://docs.github.com/en/rest/releases/assets, field `digest` (since June 2025).
    """
    try:
        answer = cast("dict[str, Any]", json.loads(_small(release)))
    except ValueError as error:
        raise DownloadError(f"{release} is not JSON: {error}") from error
    assets = cast("list[dict[str, Any]]", answer.get("assets") or [])
    digest = next((str(asset.get("digest") or "") for asset in assets if asset.get("name") == name), "")
    return _checksum([digest.removeprefix("sha256:")], f"{release} for {name}")


def _checksum(words: list[str], where: str) -> str:
    length = hashlib.sha256().digest_size * 2
    if not words or len(words[0]) != length:
        raise DownloadError(f"{where} gives no SHA-256, so the file cannot be checked and is not taken")
    return words[0]


def _small(address: str) -> str:
    try:
        with _open(address) as answer:
            return answer.read(_SMALL).decode()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise DownloadError(f"cannot read {address}: {error}") from error


def _open(address: str) -> http.client.HTTPResponse:
    answer = urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS)  # noqa: S310 - addresses come from Sources only
    return cast("http.client.HTTPResponse", answer)
