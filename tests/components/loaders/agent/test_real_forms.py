"""Every form an artifact may have, from a real registry: the tree is what went in, path by path, with mode and hash."""

import hashlib
import json
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.components.loaders.agent.agent_process import once
from tests.components.loaders.agent.conftest import Pull
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import (
    KIT_CONFIG,
    descriptor,
    gzipped,
    manifest_bytes,
    noise,
    push_artifact,
    push_kit,
    tar_of,
    tree_of,
)
from tests.components.loaders.agent.real_registry import RealRegistry

TITLE = "org.opencontainers.image.title"
FILEPATH = "org.cncf.model.filepath"
METADATA = "org.cncf.model.file.metadata+json"
TAR = "application/vnd.oci.image.layer.v1.tar"
PACK = "application/vnd.cncf.model"

COMPOSED = unicodedata.normalize("NFC", "modèle-Å.bin")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
ODD_PATHS = (
    COMPOSED,
    DECOMPOSED,  # for Linux another name; both must be there
    "🤖/👩‍🚀 weights.bin",
    "مرحبا/שלום.txt",
    "中文/模型.json",
    "ﬁ/\u202egnp.exe",  # a ligature; right-to-left override
    " leading and trailing ",
    "new\nline\ttab",
    "-rf",
    "..hidden/...",
    "con:aux*?<>|\"'\\",
    "a" * 255,
    "/".join("d" * 40 for _ in range(40)),
)


def expected(files: Mapping[str, bytes], executable: frozenset[str] = frozenset()) -> dict[str, tuple[str, int]]:
    """Return the tree that some files must become."""
    return {
        name: (hashlib.sha256(data).hexdigest(), 0o755 if name in executable else 0o644) for name, data in files.items()
    }


def no_kitfile(tree: dict[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    """Drop the Kitfile, which the agent writes itself."""
    return {name: entry for name, entry in tree.items() if name != "Kitfile"}


def zstd(data: bytes) -> bytes:
    """Pack with zstd."""
    zstandard = pytest.importorskip("zstandard")
    return zstandard.ZstdCompressor().compress(data)


def test_64_layers_packed_in_every_way(tmp_path: Path, real_registry: RealRegistry, pull: Pull) -> None:
    made = FakeRegistry()
    files = {f"shards/{number:02}/part.bin": noise(5000 + number, number) for number in range(64)}
    layers: list[tuple[str, bytes, dict[str, str]]] = []
    for number, (name, data) in enumerate(files.items()):
        archive = tar_of({name: data})
        forms: list[tuple[str, bytes, dict[str, str]]] = [
            (TAR, archive, {}),
            (f"{TAR}+gzip", gzipped(archive), {}),
            (f"{TAR}+zstd", zstd(archive), {}),
            ("application/octet-stream", data, {TITLE: name}),
        ]
        layers.append(forms[number % len(forms)])
    digest = push_artifact(made, "forms/many", layers)
    real_registry.push(made)

    run = pull(*once(real_registry.host, digest, tmp_path, repository="forms/many", source="oci"))

    assert run.code == 0, run.text
    assert run.last("plan")["layers"] == 64
    assert tree_of(tmp_path / "current") == expected(files)


@pytest.mark.parametrize("form", ["tar", "tar+gzip", "tar+zstd", "raw"])
def test_kit_layers_in_every_form(tmp_path: Path, real_registry: RealRegistry, pull: Pull, form: str) -> None:
    made = FakeRegistry()
    files = {"model/w.safetensors": noise(200_000), "code/run.sh": b"#!/bin/sh\n", "README.md": b""}
    pack = {"tar": bytes, "tar+gzip": gzipped, "tar+zstd": zstd, "raw": bytes}[form]

    def layer(kind: str, name: str, mode: int = 0o644) -> tuple[dict[str, object], str]:
        data = files[name] if form == "raw" else pack(tar_of({name: files[name]}, {name: mode}))
        made.add_blob(data)
        notes = {FILEPATH: name, METADATA: json.dumps({"name": name, "mode": mode, "size": len(files[name])})}
        return descriptor(f"application/vnd.kitops.modelkit.{kind}.v1.{form}", data, notes), digest_of(data)

    model, code = layer("model", "model/w.safetensors"), layer("code", "code/run.sh", 0o755)
    docs = layer("docs", "README.md")
    kitfile = {
        "manifestVersion": "1.0.0",
        "model": {"path": "model/w.safetensors", "digest": model[1]},
        "code": [{"path": "code/run.sh", "digest": code[1]}],
        "docs": [{"path": "README.md", "digest": docs[1]}],
    }
    config = json.dumps(kitfile).encode()
    made.add_blob(config)
    digest = made.add_manifest(
        "forms/kit", manifest_bytes(descriptor(KIT_CONFIG, config), [model[0], code[0], docs[0]])
    )
    real_registry.push(made)

    run = pull(*once(real_registry.host, digest, tmp_path, repository="forms/kit"))

    assert run.code == 0, run.text
    assert no_kitfile(tree_of(tmp_path / "current")) == expected(files, frozenset({"code/run.sh"}))


def test_zstd_is_refused_before_a_byte_is_moved_where_python_has_none(
    tmp_path: Path, real_registry: RealRegistry, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = FakeRegistry()
    digest = push_artifact(made, "forms/zstd", [(f"{TAR}+zstd", zstd(tar_of({"a": b"a"})), {})])
    real_registry.push(made)
    for name in ("compression", "compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)

    run = pull(*once(real_registry.host, digest, tmp_path, repository="forms/zstd", source="oci"))

    assert run.code == 12
    assert "use an image with Python 3.14" in run.why
    assert not (tmp_path / "current").exists()


@pytest.mark.parametrize("deliver", ["archive", "title"])
def test_empty_files_and_odd_names(tmp_path: Path, real_registry: RealRegistry, pull: Pull, deliver: str) -> None:
    made = FakeRegistry()
    files = {name: noise(50, index) for index, name in enumerate(ODD_PATHS)} | {"empty": b"", "deep/er/empty": b""}
    layers: list[tuple[str, bytes, dict[str, str]]] = [
        ("application/octet-stream", data, {TITLE: name}) for name, data in files.items() if data
    ]
    layers.append((TAR, tar_of({"empty": b"", "deep/er/empty": b"", "bare": None}), {}))
    if deliver == "archive":
        layers = [(f"{TAR}+gzip", gzipped(tar_of({**files, "bare": None})), {})]
    digest = push_artifact(made, "forms/odd", layers)
    real_registry.push(made)

    run = pull(*once(real_registry.host, digest, tmp_path, repository="forms/odd", source="oci"))

    assert run.code == 0, run.text
    assert tree_of(tmp_path / "current") == expected(files)
    assert list((tmp_path / "current/bare").iterdir()) == []


def test_three_kits_deep(tmp_path: Path, real_registry: RealRegistry, pull: Pull) -> None:
    """Parents give their model and its parts, the top gives everything; each level packs its own way."""
    made = FakeRegistry()
    files = {f"{level}.bin": noise(10_000, index) for index, level in enumerate(("base", "middle", "top"))}
    base = gzipped(tar_of({"base.bin": files["base.bin"]}))
    extra = tar_of({"not-this.md": b"a parent's docs stay there"})
    kitfile: dict[str, object] = {
        "model": {"path": "base.bin", "digest": digest_of(base)},
        "docs": [{"path": "not-this.md", "digest": digest_of(extra)}],
    }
    parent = push_kit(made, "forms/base", kitfile, [("model.v1.tar+gzip", base), ("docs.v1.tar", extra)])
    names = f"{real_registry.host}/forms/base@{parent}"
    for level, pack, end in (("middle", bytes, ""), ("top", zstd, "+zstd")):
        part = pack(tar_of({f"{level}.bin": files[f"{level}.bin"]}))
        docs = tar_of({f"{level}.md": b"docs"})
        kitfile = {
            "model": {"path": names, "parts": [{"name": level, "path": f"{level}.bin", "digest": digest_of(part)}]},
            "docs": [{"path": f"{level}.md", "digest": digest_of(docs)}],
        }
        layers = [(f"modelpart.v1.tar{end}", part), ("docs.v1.tar", docs)]
        digest = push_kit(made, f"forms/{level}", kitfile, layers, "v1")
        names = f"{real_registry.host}/forms/{level}:v1"
    real_registry.push(made)

    run = pull(*once(real_registry.host, digest, tmp_path, repository="forms/top"))

    assert run.code == 0, run.text
    assert no_kitfile(tree_of(tmp_path / "current")) == expected({**files, "top.md": b"docs"})
    assert set(run.last("plan")["resolved"]) == {f"{real_registry.host}/forms/middle:v1"}  # pyright: ignore[reportArgumentType]  # from JSON


@pytest.mark.parametrize("end", ["raw", "tar", "tar+gzip", "tar+zstd"])
def test_model_pack(tmp_path: Path, real_registry: RealRegistry, pull: Pull, end: str) -> None:
    """Media types and annotations of modelpack model-spec v0.0.7 (``specs-go/v1``: mediatype.go, annotations.go)."""
    made = FakeRegistry()
    files = {"model/w.safetensors": noise(100_000), "model/config.json": b"{}", "README.md": b"# read me\n"}
    pack = {"raw": bytes, "tar": bytes, "tar+gzip": gzipped, "tar+zstd": zstd}[end]
    kinds = {"model/w.safetensors": "weight", "model/config.json": "weight.config", "README.md": "doc"}
    entries: list[dict[str, object]] = []
    for name, data in files.items():
        blob = data if end == "raw" else pack(tar_of({name: data}))
        made.add_blob(blob)
        entries.append(descriptor(f"{PACK}.{kinds[name]}.v1.{end}", blob, {FILEPATH: name}))
    made.add_blob(b"{}")
    digest = made.add_manifest("forms/pack", manifest_bytes(descriptor(f"{PACK}.config.v1+json", b"{}"), entries))
    real_registry.push(made)

    run = pull(*once(real_registry.host, digest, tmp_path, repository="forms/pack"))

    assert run.code == 0, run.text
    assert tree_of(tmp_path / "current") == expected(files)
