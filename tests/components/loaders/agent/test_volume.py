"""What a load does when the volume is full, read-only or not what it should be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from components.loaders.agent.store import Store
from tests.components.loaders.agent.conftest import Agent, is_untouched
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import gzipped, noise, push_artifact, small_kit, tar_of, tree_of
from tests.components.loaders.agent.processes import as_another_user

TITLE = "org.opencontainers.image.title"
BLOB = noise(1_000_000, 5)


def test_too_little_space_is_seen_before_the_first_byte(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = push_artifact(registry, "ns/kit", [("application/octet-stream", BLOB, {TITLE: "w.bin"})])

    def little(_: Store) -> int:
        return 1_000_000

    monkeypatch.setattr(Store, "free_bytes", little)

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 6
    assert "the volume has 1000000" in run.why
    assert not [path for _, path, _, _ in registry.requests if digest_of(BLOB) in path]
    assert is_untouched(tmp_path)


def test_full_volume_keeps_the_old_model(
    tmp_path: Path,
    small_volume: Callable[[int], Path],
    registry: FakeRegistry,
    agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    into, metrics = small_volume(4 * 1024 * 1024), tmp_path / "loader.prom"
    monkeypatch.setattr("components.loaders.agent.load.RESERVE_BYTES", 0)
    assert agent(small_kit(registry, weights=noise(1000)), into).code == 0
    before = tree_of(into / "current")
    zeros = push_artifact(
        registry, "ns/kit", [("application/vnd.oci.image.layer.v1.tar+gzip", gzipped(tar_of({"z": bytes(2**23)})), {})]
    )

    run = agent(zeros, into, "--metrics-file", str(metrics), "--model", "m", source="oci")

    assert run.code == 6
    assert "full" in run.why
    assert 'model_loader_attempts_total{model="m",result="disk"} 1' in metrics.read_text()
    assert tree_of(into / "current") == before
    assert not list((into / ".store").glob("*.tmp-*"))


def test_read_only_volume_is_said_at_once(
    small_volume: Callable[[int], Path], registry: FakeRegistry, agent: Agent, remount_read_only: Callable[[Path], None]
) -> None:
    into = small_volume(4 * 1024 * 1024)
    remount_read_only(into)

    run = agent(small_kit(registry), into)

    assert run.code == 6
    assert "read-only" in run.why
    assert registry.requests == []


def test_read_only_volume_that_has_the_model_is_fine(
    small_volume: Callable[[int], Path],
    registry: FakeRegistry,
    agent: Agent,
    remount_read_only: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    into = small_volume(4 * 1024 * 1024)
    monkeypatch.setattr("components.loaders.agent.load.RESERVE_BYTES", 0)
    digest = small_kit(registry)
    assert agent(digest, into).code == 0
    remount_read_only(into)

    assert agent(digest, into).code == 0


def test_volume_of_another_user_is_no_fault_of_the_agent(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    closed = tmp_path / "models"
    digest = small_kit(registry)
    assert agent(digest, closed / "kit").code == 0
    closed.chmod(0o750)

    assert as_another_user(lambda: agent(digest, closed / "kit").code) == 6


def test_directory_in_the_place_of_the_link_is_left_alone(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    (tmp_path / "current").mkdir()
    (tmp_path / "current/mine").touch()

    run = agent(small_kit(registry), tmp_path)

    assert run.code == 6
    assert "move it away" in run.why
    assert (tmp_path / "current/mine").exists()
