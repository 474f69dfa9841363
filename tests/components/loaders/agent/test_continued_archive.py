"""An archive without compression that was not whole when its run ended is continued: its files and notes are its bytes.

Whatever is wrong with them costs time, and is seen by the digest.
"""

import os
import shutil
from pathlib import Path
from typing import Final

import pytest

from components.loaders.agent.cli import main
from components.loaders.agent.retry import ATTEMPTS
from tests.components.loaders.agent.conftest import Agent, Run
from tests.components.loaders.agent.crashing import Crashing
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import gzipped, noise, push_artifact, small_kit, tar_of, tree_of
from tests.components.loaders.agent.processes import wait_for
from tests.components.loaders.agent.test_crashes import run_until, words

TAR: Final = "application/vnd.oci.image.layer.v1.tar"
FILES: Final = {
    "model": None,
    "model/one.bin": noise(70_001, 1),
    "model/empty": b"",
    "model/deep/only/here": b"short",
    f"model/{'n' * 150}": noise(30_000, 2),
    "run": b"#!/bin/sh\n",
    "model/two.bin": noise(50_000, 3),
}
ARCHIVE: Final = tar_of(FILES, {"run": 0o755})
SPARE: Final = 2048
"""Bytes of headers and paddings that may be moved again at most."""


def push(registry: FakeRegistry, *more: tuple[str, bytes, dict[str, str]]) -> str:
    """Push the archive, and other layers, and return the manifest's digest."""
    return push_artifact(registry, "ns/kit", [(TAR, ARCHIVE, {}), *more])


def break_off(registry: FakeRegistry, agent: Agent, digest: str, into: Path, at: int) -> None:
    """Run until the registry is gone after the first bytes of an answer."""
    registry.faults.cut_at[digest_of(ARCHIVE)] = [at, *[0] * ATTEMPTS]
    assert agent(digest, into, source="oci").code == 3
    registry.requests.clear()
    registry.faults.cut_at.clear()
    registry.sent_bytes = 0


def ranges(registry: FakeRegistry) -> list[str]:
    """Return what was asked of the archive."""
    return [asked for _, path, _, asked in registry.requests if digest_of(ARCHIVE) in path]


def assert_loaded(run: Run, into: Path) -> None:
    assert run.code == 0, run.text
    root = (into / "current").resolve()
    found = {str(path.relative_to(root)): path for path in root.rglob("*")}
    for name, content in FILES.items():
        assert found[name].is_dir() if content is None else found[name].read_bytes() == content, name
    assert os.access(found["run"], os.X_OK)
    assert found.keys() - FILES.keys() == {"model/deep", "model/deep/only"}
    assert not list(into.glob(".store/*.tmp-*"))


@pytest.mark.parametrize("at", [1536, 40_000, 72_000, 75_000, 80_000, 110_000, 130_000, len(ARCHIVE) - 1])
def test_only_the_rest_is_asked_for(tmp_path: Path, registry: FakeRegistry, agent: Agent, at: int) -> None:
    digest = push(registry)
    break_off(registry, agent, digest, tmp_path, at)

    run = agent(digest, tmp_path, source="oci")

    assert_loaded(run, tmp_path)
    assert registry.sent_bytes <= len(ARCHIVE) - at + 12 * SPARE
    if at > SPARE:
        begun = run.last("continued")["at_bytes"]
        assert ranges(registry) == [f"bytes={begun}-"]
        assert run.last("missing")["bytes"] == len(ARCHIVE) - int(str(begun))


def test_every_run_goes_on_where_the_last_one_broke_off(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push(registry)
    moved = 0
    for at in (20_000, 30_000, 15_000, 25_000, 20_000):
        break_off(registry, agent, digest, tmp_path, at)
        moved += at

    run = agent(digest, tmp_path, source="oci")

    assert_loaded(run, tmp_path)
    assert registry.sent_bytes + moved <= len(ARCHIVE) + 5 * SPARE


def test_a_server_without_ranges_costs_time_only(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push(registry)
    break_off(registry, agent, digest, tmp_path, 90_000)
    registry.faults.ignore_range = True

    assert_loaded(agent(digest, tmp_path, source="oci"), tmp_path)


def test_model_of_a_kit_is_continued(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    """``kit pack`` makes such archives unless told otherwise (KitOps 1.17, ``--compression none``)."""
    weights = noise(300_000, 7)
    digest = small_kit(registry, weights=weights)
    archive = digest_of(tar_of({"model": None, "model/weights.bin": weights}))
    registry.faults.cut_at[archive] = [200_000, *[0] * ATTEMPTS]
    assert agent(digest, tmp_path).code == 3
    registry.faults.cut_at.clear()
    registry.requests.clear()

    assert agent(digest, tmp_path).code == 0

    (asked,) = [asked for _, path, _, asked in registry.requests if archive in path]
    assert int(asked.removeprefix("bytes=").removesuffix("-")) > 190_000
    assert (tmp_path / "current/model/weights.bin").read_bytes() == weights


def kept(into: Path, name: str) -> Path:
    """Return a file of the run that broke off."""
    (found,) = into.glob(f".store/*.tmp-*/{name}")
    return found


@pytest.mark.parametrize("wrong", ["content", "head", "path outside", "path elsewhere", "size"])
def test_wrong_bytes_on_the_disk_are_fetched_anew(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, wrong: str
) -> None:
    digest = push(registry)
    break_off(registry, agent, digest, tmp_path, 90_000)
    notes = kept(tmp_path, "begun/*.notes")
    (outside := tmp_path / "outside").write_bytes(b"mine")
    data = notes.read_bytes()
    match wrong:
        case "content":
            kept(tmp_path, "tree/model/one.bin").write_bytes(bytes(70_001))
        case "head":
            notes.write_bytes(data.replace(b"ustar", b"USTAR"))
        case "path outside":
            notes.write_bytes(data.replace(b"model/one.bin", b"../../outside"))
        case "path elsewhere":
            notes.write_bytes(data.replace(b"model/one.bin", b"model/two.bin"))
        case _:
            notes.write_bytes(data.replace((70_001).to_bytes(8), (70_002).to_bytes(8), 1))

    run = agent(digest, tmp_path, source="oci")

    outside_now = outside.read_bytes()
    outside.unlink()
    assert_loaded(run, tmp_path)
    assert outside_now == b"mine"


def test_wrong_bytes_everywhere_are_never_current(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push(registry)
    break_off(registry, agent, digest, tmp_path, 90_000)
    kept(tmp_path, "tree/model/one.bin").write_bytes(bytes(70_001))
    registry.faults.corrupt[digest_of(ARCHIVE)] = 100

    assert agent(digest, tmp_path, source="oci").code == 5

    assert not (tmp_path / "current").exists()
    assert not list(tmp_path.glob(".store/*.tmp-*"))


def test_file_of_an_archive_that_became_a_link_is_not_followed(
    tmp_path: Path, registry: FakeRegistry, agent: Agent
) -> None:
    digest = push(registry)
    break_off(registry, agent, digest, tmp_path, 90_000)
    (outside := tmp_path / "outside").write_bytes(FILES["model/one.bin"] or b"")
    left = kept(tmp_path, "tree/model/one.bin")
    left.unlink()
    left.symlink_to(outside)

    run = agent(digest, tmp_path, source="oci")

    outside.unlink()
    assert_loaded(run, tmp_path)
    assert not (tmp_path / "current/model/one.bin").is_symlink()


def test_packed_archives_are_not_noted(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    packed = gzipped(ARCHIVE)
    digest = push_artifact(registry, "ns/kit", [(f"{TAR}+gzip", packed, {})])
    registry.faults.cut_at[digest_of(packed)] = [90_000, *[0] * ATTEMPTS]
    assert agent(digest, tmp_path, source="oci").code == 3
    assert not list(tmp_path.glob(".store/*.tmp-*/begun/*"))
    registry.faults.cut_at.clear()

    assert_loaded(agent(digest, tmp_path, source="oci"), tmp_path)


def test_kill_in_the_middle_then_at_every_step_of_the_next_run(tmp_path: Path, registry: FakeRegistry) -> None:
    digest = push(registry)
    torn, record = tmp_path / "torn", tmp_path / "steps"
    registry.faults.delay_seconds = 0.05
    process = Crashing(0, record, words(registry, digest, torn))
    wait_for(lambda: any(path.stat().st_size for path in torn.glob(".store/*.tmp-*/tree/model/nn*")))
    process.kill()
    process.wait()
    registry.faults.delay_seconds = 0
    shutil.copytree(torn, tmp_path / "counting", symlinks=True)
    assert run_until(0, record, words(registry, digest, tmp_path / "counting")) == 0
    steps = record.read_text().splitlines()
    assert {"staging-open", "hashed-again", "file-written", "layer-written", "layer-done"} <= set(steps)
    whole = tree_of(tmp_path / "counting/current")

    for number, name in enumerate(steps, start=1):
        into = tmp_path / f"killed-{number}"
        shutil.copytree(torn, into, symlinks=True)
        assert run_until(number, record, words(registry, digest, into)) == -9, name
        registry.requests.clear()

        assert main(words(registry, digest, into)) == 0, name

        assert tree_of(into / "current") == whole, name
        assert "" not in ranges(registry), f"moved from the start after {name}"
        assert main(words(registry, digest, into)) == 0
        assert not list(into.glob(".store/*.tmp-*")), name
