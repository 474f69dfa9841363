"""A file arrives whole and as published, or not at all."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain.download import fetch, listed_checksum, release_checksum, sidecar_checksum
from rehearsal.toolchain.errors import DownloadError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.toolchain.fakes import Mirror

_SUM = hashlib.sha256(b"tool").hexdigest()


def _ignore(text: str) -> None:
    del text


def test_a_file_with_the_published_checksum_is_kept(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files["/tool"] = b"tool"
    shown: list[str] = []
    fetch(f"{mirror.address}/tool", tmp_path / "tool", _SUM, shown.append)
    assert (tmp_path / "tool").read_bytes() == b"tool"
    assert shown == ["0 of 0 MiB"]


def test_a_changed_file_is_refused_and_removed(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files["/tool"] = b"evil"
    with pytest.raises(DownloadError, match="refused"):
        fetch(f"{mirror.address}/tool", tmp_path / "tool", _SUM, _ignore)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_an_error_with_its_address(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=rf"{mirror.address}/tool: .*404"):
        fetch(f"{mirror.address}/tool", tmp_path / "tool", _SUM, _ignore)
    assert list(tmp_path.iterdir()) == []


def test_checksums_are_read_from_each_form(mirror: Mirror) -> None:
    mirror.files["/tool.sha256"] = _SUM.encode() + b"\n"
    mirror.files["/SHA256SUMS"] = f"{'0' * 64}  other\n{_SUM}  tool\n".encode()
    mirror.files["/tags"] = json.dumps({"assets": [{"name": "tool", "digest": f"sha256:{_SUM}"}]}).encode()
    assert sidecar_checksum(f"{mirror.address}/tool") == _SUM
    assert listed_checksum(f"{mirror.address}/SHA256SUMS", "tool") == _SUM
    assert release_checksum(f"{mirror.address}/tags", "tool") == _SUM


def test_without_a_checksum_nothing_is_taken(mirror: Mirror) -> None:
    mirror.files["/tool.sha256"] = b"<html>not found</html>"
    mirror.files["/SHA256SUMS"] = b""
    mirror.files["/tags"] = b'{"assets": [{"name": "tool", "digest": null}]}'
    mirror.files["/broken"] = b"<html>"
    with pytest.raises(DownloadError, match="no SHA-256"):
        sidecar_checksum(f"{mirror.address}/tool")
    with pytest.raises(DownloadError, match="no SHA-256"):
        listed_checksum(f"{mirror.address}/SHA256SUMS", "tool")
    with pytest.raises(DownloadError, match="no SHA-256"):
        release_checksum(f"{mirror.address}/tags", "tool")
    with pytest.raises(DownloadError, match="not JSON"):
        release_checksum(f"{mirror.address}/broken", "tool")
