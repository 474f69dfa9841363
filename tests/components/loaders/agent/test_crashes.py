"""Killed at every step or in a file, two at once: the next run converges, readers see whole trees."""

import hashlib
import socket
import threading
import time
from pathlib import Path
from typing import Final

import pytest

from components.loaders.agent.cli import main
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.logs import Log
from components.loaders.agent.store import Store
from tests.components.loaders.agent.crashing import Crashing
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import gzipped, noise, push_artifact, tar_of, tree_of
from tests.components.loaders.agent.processes import wait_for, whole_layers

TAR: Final = "application/vnd.oci.image.layer.v1.tar"
Tree = dict[str, tuple[str, int]]


def push_version(registry: FakeRegistry, version: int, size: int = 100_000) -> str:
    """Push a version of three layers with five files, one of them in a directory of another layer."""
    first = tar_of({"w/a": noise(size, version), "w/b": noise(1000, version + 50), "empty": None})
    second = gzipped(tar_of({"w/c": noise(2000, version + 100), "run": b"#!"}, {"run": 0o755}))
    title = {"org.opencontainers.image.title": "raw"}
    layers: list[tuple[str, bytes, dict[str, str]]] = [
        (TAR, first, {}),
        (f"{TAR}+gzip", second, {}),
        ("x/y", noise(3000, version + 150), title),
    ]
    return push_artifact(registry, "ns/kit", layers)


def words(registry: FakeRegistry, digest: str, into: Path, *more: str) -> list[str]:
    """Return the command line of a load."""
    fixed = ["once", "--source", "oci", "--reference", f"{registry.host}/ns/kit@{digest}", "--into", str(into)]
    return [*fixed, "--plain-http", "--keep-previous", "0", *more]


def run_until(step: int, record: Path, arguments: list[str]) -> int:
    """Run to the kill or to the end and return the exit code."""
    return Crashing(step, record, arguments).wait(timeout=60)


@pytest.fixture
def trees(tmp_path: Path, registry: FakeRegistry) -> dict[str, Tree]:
    """The two versions' trees as an undisturbed load writes them."""
    found: dict[str, Tree] = {}
    for version in (1, 2):
        digest = push_version(registry, version)
        assert main(words(registry, digest, tmp_path / f"reference-{version}")) == 0
        found[digest] = tree_of(tmp_path / f"reference-{version}/current")
    return found


def test_kill_at_every_step(tmp_path: Path, registry: FakeRegistry, trees: dict[str, Tree]) -> None:
    old, new = trees
    record = tmp_path / "steps"
    plan = words(registry, new, tmp_path / "counting", "--parallel", "1")
    assert main(words(registry, old, tmp_path / "counting")) == 0
    assert run_until(0, record, plan) == 0
    steps = record.read_text().splitlines()
    assert {"staging-open", "file-written", "layer-done", "version-renamed", "switched", "renamed-to-trash"} <= set(
        steps
    )

    for number, name in enumerate(steps, start=1):
        into = tmp_path / f"killed-{number}"
        assert main(words(registry, old, into)) == 0
        arguments = words(registry, new, into, "--parallel", "1")

        assert run_until(number, record, arguments) == -9, name

        assert tree_of(into / "current") in (trees[old], trees[new]), f"torn after {name}"
        assert main(arguments) == 0, name
        assert tree_of(into / "current") == trees[new], name
        # A second run after a kill in the very last steps still removes what was left.
        assert main(arguments) == 0
        left = {path.name for path in (into / ".store").iterdir()}
        left -= {old.replace(":", "-"), f"{old.replace(':', '-')}.json"} if number == len(steps) else set()
        assert not [path for path in left if ".tmp-" in path or path.startswith(".")], (name, left)


def test_kill_in_the_middle_of_a_file(tmp_path: Path, registry: FakeRegistry) -> None:
    digest = push_version(registry, 3, size=1_000_000)
    into = tmp_path / "models"
    registry.faults.delay_seconds = 0.02
    process = Crashing(0, tmp_path / "steps", words(registry, digest, into))
    wait_for(lambda: any(path.stat().st_size for path in into.glob(".store/*.tmp-*/tree/w/a")))

    process.kill()
    process.wait()

    assert not (into / "current").exists()
    registry.faults.delay_seconds = 0
    assert main(words(registry, digest, into)) == 0
    assert (into / "current/w/a").read_bytes() == noise(1_000_000, 3)
    assert not list(into.glob(".store/*.tmp-*"))


def test_another_pod_on_the_same_node_continues_at_once(
    tmp_path: Path, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a pod the host's name is the pod's: the next attempt of a Job has another one."""
    digest = push_version(registry, 3, size=1_000_000)
    into = tmp_path / "models"
    registry.faults.delay_seconds = 0.02
    process = Crashing(0, tmp_path / "steps", words(registry, digest, into))
    wait_for(lambda: whole_layers(into) >= 2)
    process.kill()
    process.wait()
    registry.faults.delay_seconds = 0
    registry.requests.clear()
    monkeypatch.setattr(socket, "gethostname", lambda: "fraud-preload-x2x4z")

    assert main(words(registry, digest, into)) == 0

    blobs = [path for _, path, _, _ in registry.requests if "/blobs/" in path]
    assert len(blobs) == 1, "only the layer that was not whole is moved again"
    assert not list(into.glob(".store/*.tmp-*"))


def test_sigterm_ends_soon_and_keeps_what_is_whole(tmp_path: Path, registry: FakeRegistry) -> None:
    digest = push_version(registry, 3, size=5_000_000)
    into = tmp_path / "models"
    registry.faults.delay_seconds = 0.1
    process = Crashing(0, tmp_path / "steps", words(registry, digest, into))
    wait_for(lambda: whole_layers(into) >= 2)
    registry.requests.clear()

    process.terminate()

    assert process.wait(timeout=60) == 143
    registry.faults.delay_seconds = 0
    assert main(words(registry, digest, into)) == 0
    assert len([path for _, path, _, _ in registry.requests if "/blobs/" in path]) == 1


def test_two_loaders_share_the_work(tmp_path: Path, registry: FakeRegistry) -> None:
    digest = push_version(registry, 3)
    registry.faults.delay_seconds = 0.2
    arguments = words(registry, digest, tmp_path / "models")
    registry.requests.clear()

    both = [Crashing(0, tmp_path / f"steps-{number}", arguments) for number in range(2)]

    assert [process.wait(timeout=60) for process in both] == [0, 0]
    blobs = [path for _, path, _, _ in registry.requests if "/blobs/" in path]
    assert len(blobs) == len(set(blobs)) == 3
    assert (tmp_path / "models/current/w/a").read_bytes() == noise(100_000, 3)


def test_second_loader_takes_over_when_the_first_is_killed(tmp_path: Path, registry: FakeRegistry) -> None:
    digest = push_version(registry, 3, size=5_000_000)
    into = tmp_path / "models"
    registry.faults.delay_seconds = 0.1  # the large layer takes 8 s, far longer than it takes to kill its loader
    arguments = words(registry, digest, into)
    first = Crashing(0, tmp_path / "steps-1", arguments)
    wait_for(lambda: whole_layers(into) >= 2)
    second = Crashing(0, tmp_path / "steps-2", arguments)
    time.sleep(0.5)
    registry.requests.clear()

    first.kill()
    first.wait()
    registry.faults.delay_seconds = 0

    assert second.wait(timeout=60) == 0
    assert (into / "current/w/a").read_bytes() == noise(5_000_000, 3)
    blobs = [path for _, path, _, _ in registry.requests if "/blobs/" in path]
    assert len(blobs) == 1, "only the layer that was not whole is moved again"
    assert not list(into.glob(".store/*.tmp-*"))


def _fingerprint(directory: Path) -> str:
    """Hash every file of the tree that ``current`` is at this moment, as a server would: resolved once."""
    root = directory.resolve(strict=True)
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            found.update(f"{path.relative_to(root)} {digest_of(path.read_bytes())}\n".encode())
    return found.hexdigest()


def test_reader_sees_only_whole_versions_over_200_switches(
    tmp_path: Path, registry: FakeRegistry, trees: dict[str, Tree]
) -> None:
    whole = {_fingerprint(tmp_path / f"reference-{version}/current") for version in (1, 2)}
    into = tmp_path / "models"
    for digest in trees:
        assert main([*words(registry, digest, into), "--keep-previous", "1"]) == 0
    store = Store(into, "current", Deadline(60), Log())
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(_fingerprint(into / "current"))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        number = 0
        while number < 200 or (len(seen) <= 20 and reader.is_alive()):
            assert store.switch(list(trees)[number % 2].replace(":", "-"))
            number += 1
    finally:
        done.set()
        reader.join()

    assert set(seen) == whole
    assert len(seen) > 20
