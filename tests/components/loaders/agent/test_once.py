"""A load from the outside: what is on the disk, what went over the wire, what the log says."""

import os
import time
from pathlib import Path

import pytest

from components.loaders.agent.loadoptions import KEEP_SECONDS
from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import noise, push_artifact, small_kit, tar_of, tree_of


@pytest.mark.parametrize("packed", [False, True])
def test_model_is_whole_and_modes_are_kept(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, *, packed: bool
) -> None:
    digest = small_kit(registry, packed=packed)

    run = agent(digest, tmp_path)

    assert run.code == 0, run.text
    tree = tree_of(tmp_path / "current")
    assert {name: mode for name, (_, mode) in tree.items()} == {
        "Kitfile": 0o644,
        "README.md": 0o644,
        "code/run.sh": 0o755,
        "data/check.csv": 0o644,
        "data/train.csv": 0o644,
        "model/config.json": 0o644,
        "model/weights.bin": 0o644,
    }
    assert (tmp_path / "current/model/weights.bin").read_bytes() == noise(300_000)
    assert (tmp_path / "current").readlink() == Path(".store") / digest.replace(":", "-")
    assert run.last("done")["result"] == "ok"


def test_second_run_needs_no_registry(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = small_kit(registry)
    agent(digest, tmp_path)
    registry.requests.clear()

    run = agent(digest, tmp_path)

    assert (run.code, registry.requests) == (0, [])
    assert (run.last("done")["result"], run.last("done")["moved_bytes"]) == ("unchanged", 0)


def test_store_holds_only_the_version_afterwards(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = small_kit(registry)
    agent(digest, tmp_path)

    key = digest.replace(":", "-")

    assert sorted(path.name for path in (tmp_path / ".store").iterdir()) == [key, f"{key}.1.lock", f"{key}.json"]


def test_only_the_chosen_layers_are_moved(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = small_kit(registry)

    run = agent(digest, tmp_path, "--filter", "datasets:train", "--filter", "docs")

    assert run.code == 0, run.text
    assert sorted(tree_of(tmp_path / "current")) == ["README.md", "data/train.csv"]
    assert len([path for _, path, _, _ in registry.requests if "/blobs/" in path]) == 3  # config and two layers


def test_two_selections_of_one_digest_live_side_by_side(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = small_kit(registry)

    assert agent(digest, tmp_path, "--filter", "docs").code == 0
    assert agent(digest, tmp_path, "--filter", "model").code == 0

    assert sorted(tree_of(tmp_path / "current")) == ["model/config.json", "model/weights.bin"]


def test_new_version_replaces_the_link_and_old_ones_are_pruned(
    tmp_path: Path, registry: FakeRegistry, agent: Agent
) -> None:
    digests = [small_kit(registry, weights=noise(1000, seed)) for seed in range(4)]

    for digest in digests:
        assert agent(digest, tmp_path, "--keep-previous", "1", "--keep-seconds", "0").code == 0

    assert kept_versions(tmp_path) == {digest.replace(":", "-") for digest in digests[-2:]}
    assert (tmp_path / "current/model/weights.bin").read_bytes() == noise(1000, 3)


def kept_versions(into: Path) -> set[str]:
    return {path.name for path in (into / ".store").iterdir() if path.is_dir()}


def test_version_in_use_lately_is_not_pruned(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    """Pods of the first version may still read it after two more; one that was made anew asked for it just now."""
    digests = [small_kit(registry, weights=noise(1000, seed)) for seed in range(4)]
    keys = [digest.replace(":", "-") for digest in digests]
    for digest in digests[:3]:
        assert agent(digest, tmp_path).code == 0
    assert kept_versions(tmp_path) == set(keys[:3])
    long_ago = time.time() - KEEP_SECONDS - 10
    for key in keys[:3]:
        os.utime(tmp_path / ".store" / key, (long_ago, long_ago))

    assert agent(digests[0], tmp_path).code == 0
    assert agent(digests[3], tmp_path).code == 0

    # The first was asked for again and is the one kept as previous; the third was current until just now.
    assert kept_versions(tmp_path) == {keys[0], keys[2], keys[3]}


def test_files_and_archives_of_a_plain_artifact(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    title = "org.opencontainers.image.title"
    layers: list[tuple[str, bytes, dict[str, str]]] = [
        ("application/octet-stream", noise(70_000), {title: "weights/a.safetensors"}),
        ("application/vnd.oci.image.layer.v1.tar", b"not unpacked", {title: "b.tar"}),
        ("application/vnd.oci.image.layer.v1.tar", tar_of({"c/empty": b"", "c/ünï ☃": b"x"}), {}),
        ("application/vnd.oci.image.layer.v1.tar", b"", {title: "zero"}),
    ]
    digest = push_artifact(registry, "ns/plain", layers)

    run = agent(digest, tmp_path, repository="ns/plain", source="oci")

    assert run.code == 0, run.text
    tree = tmp_path / "current"
    assert sorted(tree_of(tree)) == ["b.tar", "c/empty", "c/ünï ☃", "weights/a.safetensors", "zero"]
    assert (tree / "weights/a.safetensors").read_bytes() == noise(70_000)


def test_many_layers(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    kind = "application/vnd.oci.image.layer.v1.tar"
    digest = push_artifact(
        registry, "ns/many", [(kind, tar_of({f"d{i % 7}/f{i}": noise(5000, i)}), {}) for i in range(64)]
    )

    assert agent(digest, tmp_path, repository="ns/many", source="oci").code == 0

    assert len(tree_of(tmp_path / "current")) == 64
    assert (tmp_path / "current/d0/f63").read_bytes() == noise(5000, 63)


TAR = "application/vnd.oci.image.layer.v1.tar"


def push_layers(registry: FakeRegistry, *seeds: int) -> str:
    """Push an artifact of one 100 000 byte layer per seed; the same seed gives the same layer."""
    archives = [tar_of({f"part/{seed}": noise(100_000, seed), f"empty-{seed}": None}) for seed in seeds]
    return push_artifact(registry, "ns/kit", [(TAR, archive, {}) for archive in archives])


def test_unchanged_layers_are_not_moved_again(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    assert agent(push_layers(registry, 1, 2, 3), tmp_path, source="oci").code == 0
    registry.sent_bytes = 0

    run = agent(push_layers(registry, 2, 3, 4), tmp_path, source="oci")

    assert run.code == 0, run.text
    assert run.last("missing")["reused"] == 2
    assert registry.sent_bytes == len(tar_of({"part/4": noise(100_000, 4), "empty-4": None}))
    current = tmp_path / "current"
    assert {path.name: path.read_bytes() for path in (current / "part").iterdir()} == {
        str(seed): noise(100_000, seed) for seed in (2, 3, 4)
    }
    assert sorted(path.name for path in current.iterdir()) == ["empty-2", "empty-3", "empty-4", "part"]


def test_shared_files_outlive_the_version_they_came_from(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    for seeds in ((1, 2), (2, 3), (3, 4)):
        assert agent(push_layers(registry, *seeds), tmp_path, "--keep-previous", "0", source="oci").code == 0

    assert (tmp_path / "current/part/3").read_bytes() == noise(100_000, 3)
    assert len(list((tmp_path / ".store").glob("sha256-*.json"))) == 1


@pytest.mark.parametrize("damage", ["shorter", "gone", "mode", "receipt"])
def test_damaged_version_is_not_reused(tmp_path: Path, registry: FakeRegistry, agent: Agent, damage: str) -> None:
    assert agent(push_layers(registry, 1, 2), tmp_path, source="oci").code == 0
    file = tmp_path / "current/part/2"
    match damage:
        case "shorter":
            file.write_bytes(b"x")
        case "gone":
            file.unlink()
        case "mode":
            file.chmod(0o755)
        case _:
            next((tmp_path / ".store").glob("*.json")).write_text("{")

    run = agent(push_layers(registry, 2, 3), tmp_path, source="oci")

    assert run.code == 0, run.text
    assert run.last("missing")["reused"] == 0
    assert (tmp_path / "current/part/2").read_bytes() == noise(100_000, 2)
