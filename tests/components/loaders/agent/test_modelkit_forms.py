"""Forms of kits the real fixtures do not cover, built from kitops v1.17 and modelpack model-spec v0.0.7."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import (
    KIT_CONFIG,
    descriptor,
    manifest_bytes,
    noise,
    push_artifact,
    push_kit,
    tar_of,
    tree_of,
)

PACK = "application/vnd.cncf.model"
FILEPATH = "org.cncf.model.filepath"
METADATA = "org.cncf.model.file.metadata+json"


def files_of(into: Path) -> dict[str, bytes]:
    """Return every file of the current tree but the Kitfile."""
    root = into / "current"
    return {name: (root / name).read_bytes() for name in tree_of(root) if name != "Kitfile"}


def push_pack(registry: FakeRegistry, layers: list[tuple[str, bytes, Mapping[str, str]]]) -> str:
    """Push a CNCF ModelPack and return its digest."""
    for _, data, _ in layers:
        registry.add_blob(data)
    registry.add_blob(b"{}")
    entries = [descriptor(kind, data, notes) for kind, data, notes in layers]
    return registry.add_manifest("ns/kit", manifest_bytes(descriptor(f"{PACK}.config.v1+json", b"{}"), entries))


def test_raw_layers_keep_path_and_mode(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    model, script = noise(50_000), b"#!/bin/sh\n"
    kitfile = {
        "model": {"path": "./m/w.safetensors", "digest": digest_of(model)},
        "code": [{"path": "./run.sh", "digest": digest_of(script)}],
    }
    config = json.dumps(kitfile).encode()
    for data in (config, model, script):
        registry.add_blob(data)
    mode = json.dumps({"name": "run.sh", "mode": 0o755, "size": len(script)})
    layers = [
        descriptor("application/vnd.kitops.modelkit.model.v1.raw", model, {FILEPATH: "m/w.safetensors"}),
        descriptor("application/vnd.kitops.modelkit.code.v1.raw", script, {FILEPATH: "run.sh", METADATA: mode}),
    ]
    digest = registry.add_manifest("ns/kit", manifest_bytes(descriptor(KIT_CONFIG, config), layers))

    assert agent(digest, tmp_path).code == 0

    tree = tree_of(tmp_path / "current")
    assert {name: bits for name, (_, bits) in tree.items()} == {
        "Kitfile": 0o644,
        "m/w.safetensors": 0o644,
        "run.sh": 0o755,
    }
    assert (tmp_path / "current/m/w.safetensors").read_bytes() == model


def test_kit_from_before_digests_in_the_kitfile(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    """Layers belong to entries by order, and archives are relative to the entry's directory."""
    layers = [
        ("model.v1.tar", tar_of({"w.bin": b"weights"})),
        ("dataset.v1.tar", tar_of({"a.csv": b"1"})),
        ("dataset.v1.tar", tar_of({"b.csv": b"2"})),
    ]
    kitfile = {
        "model": {"path": "./deep/model/w.bin"},
        "datasets": [{"name": "a", "path": "data/a.csv"}, {"name": "b", "path": "data/b.csv"}],
    }
    digest = push_kit(registry, "ns/kit", kitfile, layers)

    assert agent(digest, tmp_path, "--filter", "model", "--filter", "datasets:b").code == 0

    assert files_of(tmp_path) == {"deep/model/w.bin": b"weights", "data/b.csv": b"2"}


def test_model_pack_without_a_kitfile(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_pack(
        registry,
        [
            (f"{PACK}.weight.v1.raw", b"weights", {FILEPATH: "model/w.safetensors"}),
            (f"{PACK}.weight.config.v1.tar", tar_of({"model/config.json": b"{}"}), {FILEPATH: "model/config.json"}),
            (f"{PACK}.doc.v1.raw", b"# read me", {FILEPATH: "README.md"}),
        ],
    )

    assert agent(digest, tmp_path, "--filter", "model").code == 0

    assert files_of(tmp_path) == {"model/config.json": b"{}", "model/w.safetensors": b"weights"}


def test_model_pack_that_carries_its_kitfile(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    weights = tar_of({"w.bin": b"weights"})
    kitfile = json.dumps({"model": {"name": "m", "path": "w.bin", "digest": digest_of(weights)}}).encode()
    digest = push_pack(registry, [(f"{PACK}.weight.v1.tar", weights, {}), (KIT_CONFIG, kitfile, {})])

    assert agent(digest, tmp_path, "--filter", "model:m").code == 0

    assert files_of(tmp_path) == {"w.bin": b"weights"}


def push_link(registry: FakeRegistry, name: str, parent: str, *tags: str) -> str:
    """Push a kit with one part and a parent."""
    part, docs = tar_of({f"{name}.bin": name.encode()}), tar_of({f"{name}.md": b"docs"})
    kitfile = {
        "model": {"path": parent, "parts": [{"name": name, "path": f"{name}.bin", "digest": digest_of(part)}]},
        "docs": [{"path": f"{name}.md", "digest": digest_of(docs)}],
    }
    return push_kit(registry, f"ns/{name}", kitfile, [("modelpart.v1.tar", part), ("docs.v1.tar", docs)], *tags)


def test_three_kits_in_a_chain_give_their_models_only(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    base = tar_of({"base.bin": b"base"})
    kitfile = {"model": {"path": "base.bin", "digest": digest_of(base)}}
    bottom = push_kit(registry, "ns/base", kitfile, [("model.v1.tar", base)])
    push_link(registry, "middle", f"{registry.host}/ns/base@{bottom}", "v1")
    top = push_link(registry, "top", f"{registry.host}/ns/middle:v1")

    run = agent(top, tmp_path, repository="ns/top")

    assert run.code == 0, run.text
    assert files_of(tmp_path) == {"base.bin": b"base", "middle.bin": b"middle", "top.bin": b"top", "top.md": b"docs"}
    assert list(json.loads((tmp_path / f".store/{top.replace(':', '-')}.json").read_text())["resolved"]) == [
        f"{registry.host}/ns/middle:v1"
    ]


def test_filter_that_wants_no_model_asks_no_parent(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    top = push_link(registry, "top", f"{registry.host}/ns/absent:v1")

    assert agent(top, tmp_path, "--filter", "docs", repository="ns/top").code == 0


def test_circle_of_kits_is_refused(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    top = push_link(registry, "top", f"{registry.host}/ns/top:self", "self")

    run = agent(top, tmp_path, repository="ns/top")

    assert run.code == 12
    assert "circle" in run.why


def test_parent_that_is_gone(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    top = push_link(registry, "top", f"{registry.host}/ns/absent:v1")

    assert agent(top, tmp_path, repository="ns/top").code == 9
    assert not (tmp_path / "current").exists()


def test_filter_that_chooses_nothing(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    model = tar_of({"w": b"w"})
    kitfile = {"model": {"path": "w", "digest": digest_of(model)}}
    digest = push_kit(registry, "ns/kit", kitfile, [("model.v1.tar", model)])

    run = agent(digest, tmp_path, "--filter", "datasets:none")

    assert run.code == 2
    assert "chooses nothing" in run.why


def test_kitfile_that_names_a_layer_the_manifest_lacks(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    kitfile = {"model": {"path": "w", "digest": digest_of(b"elsewhere")}}

    run = agent(push_kit(registry, "ns/kit", kitfile, []), tmp_path)

    assert run.code == 5
    assert "the kit is damaged" in run.why


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (b'{"manifests": []}', "an index of several manifests"),
        (b'{"schemaVersion": 1}', "not an OCI manifest"),
        (b"<html>", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"config": {"digest": "md5:1", "size": 1}, "layers": []}', "not a sha256 digest"),
        (b'{"config": {"digest": "sha256:' + b"0" * 64 + b'", "size": -1}, "layers": []}', "whole number"),
    ],
)
def test_what_is_no_manifest(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, manifest: bytes, reason: str
) -> None:
    run = agent(registry.add_manifest("ns/kit", manifest), tmp_path)

    assert (run.code, reason in run.why) == (12, True), run.why


def test_plain_artifact_is_no_kit(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_artifact(registry, "ns/kit", [("x/y", b"z", {"org.opencontainers.image.title": "z"})])

    run = agent(digest, tmp_path)

    assert run.code == 12
    assert "use --source oci" in run.why
