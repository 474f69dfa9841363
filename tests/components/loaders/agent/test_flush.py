"""Files become durable beside the load; what the disk refuses ends it, and no file stays open."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path

import pytest

from components.loaders.agent import flush
from components.loaders.agent.flush import EARLY_BYTES, OPEN_FILES, Flusher, Flushing
from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import noise, push_artifact, tar_of
from tests.components.loaders.agent.processes import wait_for

TAR = "application/vnd.oci.image.layer.v1.tar"


def opened(folder: Path, count: int) -> list[FileIO]:
    """Return files that were just written."""
    files = [FileIO(folder / str(number), "w") for number in range(count)]
    for file in files:
        file.write(b"x")
    return files


def give(flushing: Flushing, files: list[FileIO], size_bytes: int = 1) -> None:
    for file in files:
        flushing.add(file, size_bytes)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The descriptors that were made durable, in order."""
    seen: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        seen.append(descriptor)

    monkeypatch.setattr(flush.os, "fsync", fsync)
    return seen


def test_a_layer_is_done_once_all_its_files_are_durable(tmp_path: Path, synced: list[int]) -> None:
    files = opened(tmp_path, 100)
    descriptors = {file.fileno() for file in files}
    with Flusher(4) as flusher:
        flushing = flusher.flushing()
        give(flushing, files)
        flushing.finish(lambda: descriptors.difference_update(synced)).result()

        assert descriptors == set()
    assert all(file.closed for file in files)


def test_a_large_file_is_handed_on_at_once(tmp_path: Path, synced: list[int]) -> None:
    (file,) = opened(tmp_path, 1)
    with Flusher(1) as flusher:
        give(flusher.flushing(), [file], EARLY_BYTES)
    assert len(synced) == 1
    assert file.closed


def test_small_files_of_every_layer_fit_into_the_room(tmp_path: Path, synced: list[int]) -> None:
    """No layer may wait for room that others hold back: here all of them hold back what they can."""
    layers = 64
    together = OPEN_FILES // (2 * layers)
    with Flusher(layers) as flusher:
        held = [flusher.flushing() for _ in range(layers)]
        for number, flushing in enumerate(held):
            (folder := tmp_path / str(number)).mkdir()
            give(flushing, opened(folder, together - 1))
        (folder := tmp_path / "more").mkdir()
        more = flusher.flushing()
        give(more, opened(folder, 2 * OPEN_FILES))
        more.finish(lambda: None).result(timeout=30)
        for flushing in held:
            flushing.finish(lambda: None).result(timeout=30)
    assert len(synced) == layers * (together - 1) + 2 * OPEN_FILES


def test_what_the_disk_refuses_is_raised_and_the_layer_is_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_descriptor: int) -> None:
        raise OSError(errno.EIO, "refused")

    monkeypatch.setattr(flush.os, "fsync", fsync)
    files = opened(tmp_path, 3)
    done: list[str] = []
    with Flusher(2) as flusher:
        bad, good = flusher.flushing(), flusher.flushing()
        give(bad, files[:1])
        with pytest.raises(OSError, match="refused"):
            bad.finish(lambda: done.append("bad")).result()
        with pytest.raises(OSError, match="refused"):  # other layers stop as well
            good.add(files[1], 1)
        good.close()
    files[2].close()
    assert done == []
    assert all(file.closed for file in files)


def test_a_failed_layer_gives_its_room_back(tmp_path: Path) -> None:
    with Flusher(1) as flusher:
        for turn in range(4):
            (folder := tmp_path / str(turn)).mkdir()
            flushing = flusher.flushing()
            files = opened(folder, OPEN_FILES // 2 - 1)
            give(flushing, files)
            flushing.close()
            assert all(file.closed for file in files)


def test_layers_at_the_same_time(tmp_path: Path, synced: list[int]) -> None:
    def layer(number: int) -> None:
        (folder := tmp_path / str(number)).mkdir()
        flushing = flusher.flushing()
        for file in opened(folder, 60):
            flushing.add(file, 1)
        flushing.finish(lambda: None).result(timeout=30)

    with Flusher(8) as flusher, ThreadPoolExecutor(8) as pool:
        list(pool.map(layer, range(16)))
    assert len(synced) == 16 * 60


def test_the_next_layer_comes_while_the_disk_is_waited_for(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one layer at a time, the first one's flush ends only after the second one was asked for."""
    blobs = [noise(50_000, seed) for seed in (1, 2)]
    title = "org.opencontainers.image.title"
    digest = push_artifact(registry, "ns/kit", [("x/y", blob, {title: str(at)}) for at, blob in enumerate(blobs)])
    real = os.fsync

    def asked_for_all() -> bool:
        return all(any(digest_of(blob) in path for _, path, _, _ in registry.requests) for blob in blobs)

    def fsync(descriptor: int) -> None:
        if os.fstat(descriptor).st_size == len(blobs[0]):
            wait_for(asked_for_all)
        real(descriptor)

    monkeypatch.setattr(flush.os, "fsync", fsync)

    run = agent(digest, tmp_path, "--parallel", "1", source="oci")

    assert run.code == 0, run.text


def test_disk_that_refuses_at_the_end_keeps_the_old_model(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = push_artifact(registry, "ns/kit", [(TAR, tar_of({"a": b"old"}), {})])
    new = push_artifact(registry, "ns/kit", [(TAR, tar_of({"a": b"new", "b": noise(1000)}), {})])
    assert agent(old, tmp_path, source="oci").code == 0

    def fsync(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(flush.os, "fsync", fsync)

    run = agent(new, tmp_path, source="oci")

    assert run.code == 6
    assert "the volume is full" in run.why
    assert (tmp_path / "current/a").read_bytes() == b"old"
    assert not list(tmp_path.glob(".store/*.tmp-*"))
