"""Small artifacts built in the test, from the media types and Kitfile facts of kitops v1.17."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.components.loaders.agent.fake_registry import MANIFEST_TYPE, FakeRegistry, digest_of

KIT = "application/vnd.kitops.modelkit"
KIT_CONFIG = f"{KIT}.config.v1+json"


def tar_of(files: Mapping[str, bytes | None], modes: Mapping[str, int] | None = None) -> bytes:
    """Return a tar archive; a value of None makes a directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.mode = (modes or {}).get(name, 0o644 if data is not None else 0o755)
            info.type = tarfile.REGTYPE if data is not None else tarfile.DIRTYPE
            info.size = len(data or b"")
            archive.addfile(info, io.BytesIO(data or b""))
    return buffer.getvalue()


def gzipped(data: bytes) -> bytes:
    """Return gzip without a time in it."""
    return gzip.compress(data, mtime=0)


def noise(size: int, seed: int = 0) -> bytes:
    """Return bytes that do not compress, the same for the same seed."""
    return hashlib.shake_128(seed.to_bytes(4, "big")).digest(size)


def descriptor(media_type: str, data: bytes, annotations: Mapping[str, str] | None = None) -> dict[str, object]:
    """Return a manifest's entry for a blob."""
    entry: dict[str, object] = {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}
    return {**entry, "annotations": dict(annotations)} if annotations else entry


def manifest_bytes(config: Mapping[str, object], layers: list[dict[str, object]]) -> bytes:
    """Return a manifest."""
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": layers}).encode()


def push_artifact(
    registry: FakeRegistry, repository: str, layers: Sequence[tuple[str, bytes, Mapping[str, str]]], *tags: str
) -> str:
    """Push a plain OCI artifact of (media type, bytes, annotations) and return its digest."""
    for _, data, _ in layers:
        registry.add_blob(data)
    registry.add_blob(b"{}")
    config = descriptor("application/vnd.oci.empty.v1+json", b"{}")
    return registry.add_manifest(
        repository, manifest_bytes(config, [descriptor(kind, data, notes) for kind, data, notes in layers]), *tags
    )


def push_kit(
    registry: FakeRegistry, repository: str, kitfile: Mapping[str, object], layers: list[tuple[str, bytes]], *tags: str
) -> str:
    """Push a ModelKit of (short media type such as ``model.v1.tar``, bytes) and return its digest."""
    config = json.dumps(kitfile).encode()
    registry.add_blob(config)
    for _, data in layers:
        registry.add_blob(data)
    entries = [descriptor(f"{KIT}.{kind}", data) for kind, data in layers]
    return registry.add_manifest(repository, manifest_bytes(descriptor(KIT_CONFIG, config), entries), *tags)


def small_kit(
    registry: FakeRegistry, repository: str = "ns/kit", weights: bytes | None = None, *, packed: bool = False
) -> str:
    """Push a kit with every kind of part and return its digest."""
    pack = gzipped if packed else bytes
    end = ".v1.tar+gzip" if packed else ".v1.tar"
    model = pack(tar_of({"model": None, "model/weights.bin": weights or noise(300_000)}))
    part = pack(tar_of({"model/config.json": b'{"a": 1}'}))
    code = pack(tar_of({"code/run.sh": b"#!/bin/sh\n"}, {"code/run.sh": 0o755}))
    train, check = pack(tar_of({"data/train.csv": b"1,2\n"})), pack(tar_of({"data/check.csv": b"3,4\n"}))
    docs = pack(tar_of({"README.md": b"# hello\n"}))
    kitfile = {
        "manifestVersion": "1.0.0",
        "package": {"name": "small"},
        "model": {
            "name": "small",
            "path": "./model/weights.bin",
            "digest": digest_of(model),
            "parts": [{"name": "config", "path": "./model/config.json", "digest": digest_of(part)}],
        },
        "code": [{"path": "./code", "digest": digest_of(code)}],
        "datasets": [
            {"name": "train", "path": "./data/train.csv", "digest": digest_of(train)},
            {"name": "check", "path": "./data/check.csv", "digest": digest_of(check)},
        ],
        "docs": [{"path": "./README.md", "digest": digest_of(docs)}],
    }
    layers = [("model", model), ("modelpart", part), ("code", code), ("dataset", train), ("dataset", check)]
    return push_kit(registry, repository, kitfile, [(k + end, d) for k, d in [*layers, ("docs", docs)]], "1.0")


def tree_of(root: Path) -> dict[str, tuple[str, int]]:
    """Return sha256 and mode of every file below a directory."""
    return {
        str(path.relative_to(root)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode & 0o777)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
