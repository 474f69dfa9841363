"""Models for the loader's benchmark: the same files as titled raw layers, as tar layers and as gzip layers."""

from __future__ import annotations

import hashlib
import json
import os
import random
import tarfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Form = Literal["raw", "tar", "gzip"]

FILES = 64
"""Files of a model; layers hold an equal share of them."""

_PIECE = 1024 * 1024
_BLOCK = 512
_LEVEL = 1
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_TAR = "application/vnd.oci.image.layer.v1.tar"
_TITLE = "org.opencontainers.image.title"


@dataclass(frozen=True, slots=True)
class Artifact:
    """What can be pulled.

    Attributes:
        digest: of the manifest.
        tag: of the manifest.
        blobs: digests of its layers, in order.
        packed_bytes: bytes of its layers.
        content_bytes: bytes of the files in them.
    """

    digest: str
    tag: str
    blobs: tuple[str, ...]
    packed_bytes: int
    content_bytes: int


@dataclass(frozen=True, slots=True)
class _Slice:
    """A range of a file."""

    path: Path
    offset: int
    size: int


class Factory:
    """Makes artifacts below the folder that a stand-in registry serves.

    Half of all bytes are random, half take few values, which is what 16-bit weights look like: gzip makes them about
    a fifth smaller.

    Args:
        folder: gets ``blobs``, ``manifests`` and the parts they are made of.
        size: bytes of a model, a multiple of 64 MiB.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._parts = folder / "parts"
        for path in (folder / "blobs", folder / "manifests", self._parts):
            path.mkdir(parents=True)
        self._file_bytes = size // FILES
        self.content().touch()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self._make_part, range(FILES)))

    def artifact(self, form: Form, layers: int, *, fresh: int | None = None) -> Artifact:
        """Make an artifact and return it.

        Args:
            form: of its layers.
            layers: how many; a divisor of the number of files.
            fresh: layer whose first file is made anew.
        """
        share = FILES // layers
        if fresh is not None:
            self._make_part(fresh * share)
        made = [self._layer(form, range(first, first + share)) for first in range(0, FILES, share)]
        return self._manifest(f"{form}-{layers}-{fresh}", made, self._file_bytes * FILES)

    def hollow(self, size: int) -> Artifact:
        """Make one layer of zeros that takes no room here, for memory at a larger size."""
        path = self._parts / "hollow"
        with path.open("wb") as file:
            file.truncate(size)
        return self._manifest(
            "hollow", [{**self._blob([_Slice(path, 0, size)], "hollow"), "annotations": {_TITLE: "hollow"}}], size
        )

    def paths(self, artifact: Artifact) -> list[Path]:
        """Return the files of the layers."""
        return [self._folder / "blobs" / digest.removeprefix("sha256:") for digest in artifact.blobs]

    def drop(self, artifact: Artifact) -> None:
        """Remove an artifact's layers."""
        for path in self.paths(artifact):
            path.unlink(missing_ok=True)

    def content(self) -> Path:
        """Return one file with the content of all files, for the floors."""
        return self._parts / "content"

    def _make_part(self, number: int) -> None:
        seed = random.Random()  # noqa: S311  # weights, not secrets
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
        few = bytes((value * value // 4096) for value in range(256))
        with self.content().open("r+b") as plain, self._packed(number).open("wb") as packed:
            plain.seek(number * self._file_bytes)
            packed.write(packer.compress(self._header(number)))
            for _ in range(self._file_bytes // _PIECE):
                piece = bytearray(_PIECE)
                piece[0::2] = seed.randbytes(_PIECE // 2)
                piece[1::2] = seed.randbytes(_PIECE // 2).translate(few)
                plain.write(piece)
                packed.write(packer.compress(piece))
            packed.write(packer.flush())

    def _packed(self, number: int) -> Path:
        return self._parts / f"{number:02}.gz"

    def _plain(self, number: int) -> _Slice:
        return _Slice(self.content(), number * self._file_bytes, self._file_bytes)

    def _archived(self, numbers: range) -> list[bytes | _Slice]:
        parts = [part for number in numbers for part in (self._header(number), self._plain(number))]
        return [*parts, bytes(2 * _BLOCK)]

    def _header(self, number: int) -> bytes:
        info = tarfile.TarInfo(self._name(number))
        info.size = self._file_bytes  # a multiple of the block, so that no padding follows
        return info.tobuf(tarfile.USTAR_FORMAT)

    @staticmethod
    def _name(number: int) -> str:
        return f"model-{number + 1:05}-of-{FILES:05}.safetensors"

    def _layer(self, form: Form, numbers: range) -> dict[str, Any]:
        if form == "raw":
            name = self._name(numbers[0])
            return {**self._blob([self._plain(n) for n in numbers], name), "annotations": {_TITLE: name}}
        if form == "tar":
            return {**self._blob(self._archived(numbers), "tar"), "mediaType": _TAR}
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
        packed = packer.compress(bytes(2 * _BLOCK)) + packer.flush()
        parts = [_Slice(self._packed(n), 0, self._packed(n).stat().st_size) for n in numbers]
        return {**self._blob([*parts, packed], "gz"), "mediaType": f"{_TAR}+gzip"}

    def _blob(self, parts: Iterable[bytes | _Slice], name: str) -> dict[str, Any]:
        digest, size = hashlib.sha256(), 0
        path = self._parts / f"{name}.new"
        with path.open("wb") as file:
            for piece in _pieces(parts):
                digest.update(piece)
                size += len(piece)
                if piece.strip(b"\0"):
                    file.write(piece)
                else:
                    file.seek(len(piece), os.SEEK_CUR)
            file.truncate(size)
        path.rename(self._folder / "blobs" / digest.hexdigest())
        kind = "application/octet-stream"
        return {"mediaType": kind, "digest": f"sha256:{digest.hexdigest()}", "size": size}

    def _manifest(self, tag: str, layers: list[dict[str, Any]], content_bytes: int) -> Artifact:
        config = {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": self._unpacked(layers)},
        }
        data = json.dumps(config).encode()
        named = {"mediaType": _CONFIG, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
        (self._folder / "blobs" / hashlib.sha256(data).hexdigest()).write_bytes(data)
        text = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, "config": named, "layers": layers}).encode()
        digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
        for name in (digest.replace(":", "-"), tag):
            (self._folder / "manifests" / name).write_bytes(text)
        blobs = tuple(str(layer["digest"]) for layer in layers)
        return Artifact(digest, tag, blobs, sum(int(layer["size"]) for layer in layers), content_bytes)

    def _unpacked(self, layers: list[dict[str, Any]]) -> list[str]:
        """Return the digests of the unpacked layers, which images name and ``umoci`` checks."""
        found: list[str] = []
        for number, layer in enumerate(layers):
            if not str(layer["mediaType"]).endswith("gzip"):
                found.append(str(layer["digest"]))
                continue
            share = FILES // len(layers)
            numbers = range(number * share, (number + 1) * share)
            digest = hashlib.sha256()
            for piece in _pieces(self._archived(numbers)):
                digest.update(piece)
            found.append(f"sha256:{digest.hexdigest()}")
        return found


def _pieces(parts: Iterable[bytes | _Slice]) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        with part.path.open("rb") as file:
            file.seek(part.offset)
            left = part.size
            while piece := file.read(min(_PIECE, left)):
                left -= len(piece)
                yield piece
