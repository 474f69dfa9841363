"""What a load does when the registry or the link misbehaves."""

import threading
from pathlib import Path

import pytest

from components.loaders.agent import layerload
from components.loaders.agent.bytestream import ByteStream
from components.loaders.agent.retry import ATTEMPTS
from tests.components.loaders.agent.conftest import Agent, is_untouched
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import (
    KIT_CONFIG,
    descriptor,
    gzipped,
    manifest_bytes,
    noise,
    push_artifact,
    small_kit,
    tar_of,
    tree_of,
)
from tests.components.loaders.agent.test_tarstream import Pieces

TITLE = "org.opencontainers.image.title"
BLOB = noise(1_000_000, 5)


def push_blob(registry: FakeRegistry, data: bytes = BLOB, name: str = "w.bin") -> str:
    """Push one file and return the manifest's digest."""
    return push_artifact(registry, "ns/kit", [("application/octet-stream", data, {TITLE: name})])


@pytest.mark.parametrize("percent", [10, 50, 99])
def test_cut_connection_is_resumed_at_the_byte_it_broke(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, percent: int
) -> None:
    digest = push_blob(registry)
    registry.faults.cut_at[digest_of(BLOB)] = [len(BLOB) * percent // 100]

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 0, run.text
    assert (tmp_path / "current/w.bin").read_bytes() == BLOB
    assert registry.sent_bytes == len(BLOB)  # no byte twice


def test_any_number_of_cuts_is_borne_while_bytes_come(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_blob(registry)
    registry.faults.cut_at[digest_of(BLOB)] = [50_000] * (2 * ATTEMPTS)

    assert agent(digest, tmp_path, source="oci").code == 0

    assert (tmp_path / "current/w.bin").read_bytes() == BLOB


def test_server_without_ranges_is_read_again_and_skipped(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_blob(registry)
    registry.faults.ignore_range = True
    registry.faults.cut_at[digest_of(BLOB)] = [300_000]

    assert agent(digest, tmp_path, source="oci").code == 0

    assert (tmp_path / "current/w.bin").read_bytes() == BLOB


def test_connections_that_bring_nothing_end_the_load(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_blob(registry)
    registry.faults.cut_at[digest_of(BLOB)] = [0] * (ATTEMPTS + 1)

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 3
    assert "cut at 0 of 1000000 bytes" in run.why
    assert not (tmp_path / "current").exists()


@pytest.mark.parametrize("form", ["raw", "tar", "gzip"])
def test_flipped_bit_on_the_way_is_fetched_once_more(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, form: str
) -> None:
    kind = "application/vnd.oci.image.layer.v1.tar"
    layers: dict[str, tuple[str, bytes, dict[str, str]]] = {
        "raw": ("application/octet-stream", BLOB, {TITLE: "w.bin"}),
        "tar": (kind, tar_of({"w.bin": BLOB}), {}),
        "gzip": (f"{kind}+gzip", gzipped(tar_of({"w.bin": BLOB})), {}),
    }
    digest = push_artifact(registry, "ns/kit", [layers[form]])
    registry.faults.corrupt[digest_of(layers[form][1])] = 1

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 0, run.text
    assert run.last("again")["blob"] == digest_of(layers[form][1])
    assert (tmp_path / "current/w.bin").read_bytes() == BLOB


def test_flipped_bit_in_the_registry_is_refused_and_the_old_model_stays(
    tmp_path: Path, registry: FakeRegistry, agent: Agent
) -> None:
    old = small_kit(registry, weights=noise(1000, 1))
    assert agent(old, tmp_path).code == 0
    before = tree_of(tmp_path / "current")
    digest = push_blob(registry)
    registry.faults.corrupt[digest_of(BLOB)] = 100

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 5
    assert tree_of(tmp_path / "current") == before
    assert not list((tmp_path / ".store").glob("*.tmp-*"))


def test_other_manifest_than_the_pinned_one_is_refused(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = small_kit(registry)
    registry.faults.wrong_manifest = True

    run = agent(digest, tmp_path)

    assert run.code == 5
    assert is_untouched(tmp_path)


def test_manifest_that_is_cut_is_read_again(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = small_kit(registry)
    registry.faults.cut_manifests = ATTEMPTS - 1

    assert agent(digest, tmp_path).code == 0

    registry.faults.cut_manifests = ATTEMPTS
    metrics = tmp_path / "loader.prom"
    run = agent(digest, tmp_path / "never", "--metrics-file", str(metrics), "--model", "m")
    assert run.code == 3
    assert "broke off after" in run.why
    assert 'model_loader_attempts_total{model="m",result="network"} 1' in metrics.read_text()


@pytest.mark.parametrize("size", [len(BLOB) - 1, len(BLOB) + 1])
def test_other_size_than_promised_is_refused(tmp_path: Path, registry: FakeRegistry, agent: Agent, size: int) -> None:
    layer = {**descriptor("application/octet-stream", BLOB, {TITLE: "w.bin"}), "size": size}
    registry.add_blob(BLOB)
    digest = registry.add_manifest("ns/kit", manifest_bytes(descriptor("x", b""), [layer]))

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 5
    assert f"the server has 1000000 bytes, {size} are promised" in run.why
    assert is_untouched(tmp_path)


def test_config_of_another_size_is_refused(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    config = b'{"docs": []}'
    registry.add_blob(config)
    lying = {**descriptor(KIT_CONFIG, config), "size": 5}

    run = agent(registry.add_manifest("ns/kit", manifest_bytes(lying, [])), tmp_path)

    assert run.code == 5


def test_digest_is_checked_even_if_unpacking_stops_early(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decompressor that is content with less than the whole blob must not hide what follows."""

    def early(_source: ByteStream, _compression: str) -> ByteStream:
        return Pieces(tar_of({"w.bin": b"x"}), [])

    monkeypatch.setattr(layerload, "decompressed", early)
    digest = push_artifact(registry, "ns/kit", [("application/vnd.oci.image.layer.v1.tar", BLOB, {})])
    registry.faults.corrupt[digest_of(BLOB)] = 100

    assert agent(digest, tmp_path, source="oci").code == 5


def test_moved_tag_changes_nothing(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = small_kit(registry, weights=noise(1000, 1))
    small_kit(registry, weights=noise(1000, 2))  # takes the tag 1.0, which the reference also names

    assert agent(digest, tmp_path).code == 0

    assert (tmp_path / "current/model/weights.bin").read_bytes() == noise(1000, 1)


def test_busy_registry_is_asked_again(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_blob(registry)
    registry.faults.statuses[digest_of(BLOB)] = [503, 429, 500]

    assert agent(digest, tmp_path, source="oci").code == 0


def test_what_the_registry_lacks_is_not_asked_again(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    run = agent(f"sha256:{'0' * 64}", tmp_path)

    assert run.code == 9
    assert len(registry.requests) == 1


def test_no_registry_at_all(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    registry.port = 1  # nothing listens there

    run = agent(f"sha256:{'0' * 64}", tmp_path)

    assert run.code == 3
    assert len([line for line in run.lines if line["event"] == "retry"]) == ATTEMPTS - 1
    assert is_untouched(tmp_path)


def test_slow_registry_meets_the_deadline(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_blob(registry)
    registry.faults.delay_seconds = 0.3

    run = agent(digest, tmp_path, "--deadline-seconds", "1", source="oci")

    assert run.code == 10
    assert not (tmp_path / "current").exists()


def test_what_was_whole_before_the_deadline_is_not_moved_again(
    tmp_path: Path, registry: FakeRegistry, agent: Agent
) -> None:
    small = noise(50_000, 1)
    layers = [("application/octet-stream", data, {TITLE: name}) for name, data in (("a", small), ("b", BLOB))]
    digest = push_artifact(registry, "ns/kit", layers)
    held = registry.faults.held[digest_of(BLOB)] = threading.Event()
    assert agent(digest, tmp_path, "--deadline-seconds", "3", source="oci").code == 10
    held.set()
    registry.requests.clear()

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 0, run.text
    assert run.last("missing")["recovered"] == 1
    assert not [path for _, path, _, _ in registry.requests if digest_of(small) in path]
    assert {name: (tmp_path / "current" / name).read_bytes() for name in ("a", "b")} == {"a": small, "b": BLOB}
