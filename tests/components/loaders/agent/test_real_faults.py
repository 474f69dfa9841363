"""What a load does when a real registry is down, damaged, cut off, or has something else than was promised."""

import time
from pathlib import Path

import pytest

from components.loaders.agent.modelkit import ModelKitSource
from components.loaders.agent.plan import Plan
from tests.components.loaders.agent.agent_process import finish, once, run_agent, start_agent
from tests.components.loaders.agent.conftest import Pull, StartRegistry, is_untouched
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import (
    descriptor,
    manifest_bytes,
    noise,
    push_artifact,
    push_kit,
    small_kit,
    tar_of,
    tree_of,
)
from tests.components.loaders.agent.real_registry import RealRegistry
from tests.components.loaders.agent.tcp_proxy import TcpProxy

TITLE = "org.opencontainers.image.title"
BLOB = noise(1_000_000, 5)


def push_blob(registry: RealRegistry, repository: str = "ns/kit", data: bytes = BLOB) -> str:
    """Push an artifact of one file and return its digest."""
    made = FakeRegistry()
    digest = push_artifact(made, repository, [("application/octet-stream", data, {TITLE: "w.bin"})])
    registry.push(made)
    return digest


def push_small(registry: RealRegistry, seed: int, *tags: str) -> str:
    """Push a kit whose weights depend on a number."""
    made = FakeRegistry()
    digest = small_kit(made, weights=noise(100_000, seed))
    for tag in tags:
        made.manifests["ns/kit", tag] = made.manifests["ns/kit", digest]
    registry.push(made)
    return digest


def test_model_that_is_there_is_ready_at_once_without_a_registry(tmp_path: Path, start_registry: StartRegistry) -> None:
    registry = start_registry()
    words = once(registry.host, push_small(registry, 1), tmp_path)
    assert run_agent(*words).code == 0
    before = tree_of(tmp_path / "current")
    registry.stop()

    restarted = run_agent(*words)

    assert restarted.code == 0
    assert restarted.seconds < 10
    assert [line["event"] for line in restarted.lines] == ["done"]
    assert restarted.last("done")["result"] == "unchanged"
    assert tree_of(tmp_path / "current") == before


def test_first_load_waits_for_a_registry_that_is_down(tmp_path: Path, start_registry: StartRegistry) -> None:
    registry = start_registry()
    digest = push_small(registry, 1)
    registry.stop()
    started = time.monotonic()
    process = start_agent(*once(registry.host, digest, tmp_path))
    assert process.stderr is not None
    first = process.stderr.readline()
    assert '"retry"' in first
    assert not (tmp_path / "current").exists()

    registry.start()
    run = finish(process, started)

    assert run.code == 0, run.text
    assert run.seconds < 60
    assert len(tree_of(tmp_path / "current")) == 7


def test_registry_that_stays_down_ends_the_load_with_growing_random_pauses(
    tmp_path: Path, start_registry: StartRegistry
) -> None:
    registry = start_registry()
    digest = push_small(registry, 1)
    registry.stop()

    run = run_agent(*once(registry.host, digest, tmp_path, "--deadline-seconds", "4"))

    pauses = [float(str(line["paused_seconds"])) for line in run.lines if line["event"] == "retry"]
    assert run.code in {3, 10}
    assert is_untouched(tmp_path)
    assert len(set(pauses)) == len(pauses) > 0
    assert all(pause <= 0.5 * 2**number for number, pause in enumerate(pauses))


def test_registry_that_goes_down_between_two_versions_leaves_the_old_one(
    tmp_path: Path, start_registry: StartRegistry, pull: Pull
) -> None:
    registry = start_registry()
    old, new = push_small(registry, 1), push_small(registry, 2)
    assert pull(*once(registry.host, old, tmp_path)).code == 0
    before = tree_of(tmp_path / "current")
    registry.stop()

    assert pull(*once(registry.host, new, tmp_path)).code == 3

    assert tree_of(tmp_path / "current") == before


@pytest.mark.parametrize("percent", [10, 50, 99])
@pytest.mark.parametrize("resets", [False, True])
def test_cut_connection(tmp_path: Path, real_registry: RealRegistry, pull: Pull, percent: int, *, resets: bool) -> None:
    digest = push_blob(real_registry)
    cut = len(BLOB) * percent // 100
    proxy = TcpProxy(real_registry.port, marker=f"/blobs/{digest_of(BLOB)}".encode(), cuts=[cut], resets=resets).start()

    run = pull(*once(proxy.host, digest, tmp_path, source="oci"))

    proxy.stop()
    assert run.code == 0, run.text
    assert (tmp_path / "current/w.bin").read_bytes() == BLOB
    assert proxy.requests == 2
    # What a reset throws away before it is read has to come again; an orderly end loses nothing.
    assert proxy.body_bytes == len(BLOB) or (resets and proxy.body_bytes <= len(BLOB) + cut)
    assert run.last("resume")["of_bytes"] == len(BLOB)


def test_connection_that_is_cut_for_ever_promotes_nothing(
    tmp_path: Path, real_registry: RealRegistry, pull: Pull
) -> None:
    digest = push_blob(real_registry)
    proxy = TcpProxy(real_registry.port, marker=b"/blobs/", cuts=[1000] + [0] * 50).start()

    run = pull(*once(proxy.host, digest, tmp_path, source="oci"))

    proxy.stop()
    assert run.code == 3
    assert "cut at 1000 of 1000000 bytes" in run.why
    assert not (tmp_path / "current").exists()


@pytest.mark.parametrize("what", ["layer", "config", "manifest"])
def test_flipped_bit_on_the_disk_of_the_registry(
    tmp_path: Path, start_registry: StartRegistry, pull: Pull, what: str
) -> None:
    registry = start_registry()
    old = push_small(registry, 1)
    assert pull(*once(registry.host, old, tmp_path)).code == 0
    before = tree_of(tmp_path / "current")
    made = FakeRegistry()
    model = tar_of({"w.bin": BLOB})
    kitfile = {"model": {"path": "w.bin", "digest": digest_of(model)}}
    digest = push_kit(made, "ns/kit", kitfile, [("model.v1.tar", model)])
    registry.push(made)
    config = next(name for name in made.blobs if name != digest_of(model))
    damaged = registry.blob_file({"layer": digest_of(model), "config": config, "manifest": digest}[what])
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 0x10
    damaged.write_bytes(data)

    run = pull(*once(registry.host, digest, tmp_path))

    assert run.code in ({5, 3} if what == "manifest" else {5}), run.text
    assert tree_of(tmp_path / "current") == before
    assert not list((tmp_path / ".store").glob("*.tmp-*"))


@pytest.mark.parametrize("change", [-10, 10])
def test_blob_of_another_length_on_the_disk_of_the_registry(
    tmp_path: Path, start_registry: StartRegistry, pull: Pull, change: int
) -> None:
    registry = start_registry()
    digest = push_blob(registry)
    file = registry.blob_file(digest_of(BLOB))
    file.write_bytes((BLOB + bytes(10))[: len(BLOB) + change])

    run = pull(*once(registry.host, digest, tmp_path, source="oci"))

    assert run.code == 5
    assert f"the server has {len(BLOB) + change} bytes, {len(BLOB)} are promised" in run.why
    assert is_untouched(tmp_path)


@pytest.mark.parametrize("change", [-1, 1])
def test_manifest_that_promises_another_size(
    tmp_path: Path, real_registry: RealRegistry, pull: Pull, change: int
) -> None:
    made = FakeRegistry()
    made.add_blob(BLOB)
    made.add_blob(b"{}")
    layer = descriptor("application/octet-stream", BLOB, {TITLE: "w.bin"})
    layer["size"] = len(BLOB) + change
    config = descriptor("application/vnd.oci.empty.v1+json", b"{}")
    digest = made.add_manifest("ns/kit", manifest_bytes(config, [layer]))
    real_registry.push(made)

    run = pull(*once(real_registry.host, digest, tmp_path, source="oci"))

    assert run.code == 5
    assert is_untouched(tmp_path)


def test_digest_the_registry_does_not_have(tmp_path: Path, real_registry: RealRegistry, pull: Pull) -> None:
    run = pull(*once(real_registry.host, f"sha256:{'0' * 64}", tmp_path))

    assert run.code == 9
    assert not [line for line in run.lines if line["event"] == "retry"]
    assert is_untouched(tmp_path)


def test_tag_that_moves_rolls_back_or_goes_changes_nothing_for_a_pinned_digest(
    tmp_path: Path, start_registry: StartRegistry, pull: Pull
) -> None:
    registry = start_registry()
    old = push_small(registry, 1, "stable")
    pinned = [word.replace("ns/kit@", "ns/kit:stable@") for word in once(registry.host, old, tmp_path / "a")]

    def first_load(name: str) -> bytes:
        assert pull(*[word.replace(str(tmp_path / "a"), str(tmp_path / name)) for word in pinned]).code == 0
        return (tmp_path / name / "current/model/weights.bin").read_bytes()

    push_small(registry, 2, "stable")
    assert first_load("moved") == noise(100_000, 1)
    push_small(registry, 1, "stable")
    assert first_load("rolled-back") == noise(100_000, 1)
    registry.delete_manifest("ns/kit", "stable")
    assert first_load("tag-deleted") == noise(100_000, 1)


def test_manifest_that_is_deleted_leaves_the_old_version(
    tmp_path: Path, start_registry: StartRegistry, pull: Pull
) -> None:
    registry = start_registry()
    old, new = push_small(registry, 1), push_small(registry, 2)
    assert pull(*once(registry.host, old, tmp_path)).code == 0
    before = tree_of(tmp_path / "current")
    registry.delete_manifest("ns/kit", new)

    assert pull(*once(registry.host, new, tmp_path)).code == 9

    assert tree_of(tmp_path / "current") == before
    registry.delete_manifest("ns/kit", old)
    assert pull(*once(registry.host, old, tmp_path)).code == 0


def test_parent_whose_tag_moves_after_it_was_resolved(
    tmp_path: Path, start_registry: StartRegistry, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = start_registry()
    made = FakeRegistry()

    def base(content: bytes) -> str:
        layer = tar_of({"base.bin": content})
        return push_kit(
            made,
            "ns/base",
            {"model": {"path": "base.bin", "digest": digest_of(layer)}},
            [("model.v1.tar", layer)],
            "v1",
        )

    first = base(b"first")
    part = tar_of({"adapter.bin": b"adapter"})
    parts = [{"name": "adapter", "path": "adapter.bin", "digest": digest_of(part)}]
    kitfile = {"model": {"path": f"{registry.host}/ns/base:v1", "parts": parts}}
    digest = push_kit(made, "ns/kit", kitfile, [("modelpart.v1.tar", part)])
    registry.push(made)
    decide = ModelKitSource.plan

    def then_the_tag_moves(self: ModelKitSource) -> Plan:
        plan = decide(self)
        base(b"second")
        registry.push(made)
        return plan

    monkeypatch.setattr(ModelKitSource, "plan", then_the_tag_moves)

    run = pull(*once(registry.host, digest, tmp_path))

    assert run.code == 0, run.text
    assert (tmp_path / "current/base.bin").read_bytes() == b"first"
    assert run.last("plan")["resolved"] == {f"{registry.host}/ns/base:v1": first}
