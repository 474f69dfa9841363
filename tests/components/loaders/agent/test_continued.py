"""A file that was not whole when its run ended is continued by the next one, unless its bytes are wrong."""

import shutil
from pathlib import Path

import pytest

from components.loaders.agent.cli import main
from components.loaders.agent.plan import Layer
from components.loaders.agent.records import FileRecord, Written
from components.loaders.agent.retry import ATTEMPTS
from components.loaders.agent.staging import Staging
from components.loaders.agent.store import Store
from tests.components.loaders.agent.conftest import Agent, Run
from tests.components.loaders.agent.crashing import Crashing
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import noise, push_artifact, tar_of
from tests.components.loaders.agent.layers import layer_at
from tests.components.loaders.agent.processes import wait_for
from tests.components.loaders.agent.test_crashes import run_until, words

TITLE = "org.opencontainers.image.title"
TAR = "application/vnd.oci.image.layer.v1.tar"
BLOB = noise(1_000_000, 5)
HALF = 300_000


def push_file(registry: FakeRegistry, *more: tuple[str, bytes, dict[str, str]]) -> str:
    """Push one file in a directory, and other layers, and return the manifest's digest."""
    return push_artifact(registry, "ns/kit", [("application/octet-stream", BLOB, {TITLE: "deep/w.bin"}), *more])


def break_off(registry: FakeRegistry, agent: Agent, digest: str, into: Path) -> Path:
    """Run until the registry is gone after the first bytes of the file; return what is left of the file."""
    registry.faults.cut_at[digest_of(BLOB)] = [HALF, *[0] * ATTEMPTS]
    assert agent(digest, into, source="oci").code == 3
    registry.requests.clear()
    registry.faults.cut_at.clear()
    registry.sent_bytes = 0
    (left,) = into.glob(".store/*.tmp-*/tree/deep/w.bin")
    assert left.read_bytes() == BLOB[:HALF]
    return left


def ranges(registry: FakeRegistry) -> list[str]:
    """Return what was asked of the file."""
    return [asked for _, path, _, asked in registry.requests if digest_of(BLOB) in path]


def assert_loaded(run: Run, into: Path) -> None:
    assert run.code == 0, run.text
    assert (into / "current/deep/w.bin").read_bytes() == BLOB
    assert not list(into.glob(".store/*.tmp-*"))


def test_only_the_rest_is_asked_for(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_file(registry)
    break_off(registry, agent, digest, tmp_path)

    run = agent(digest, tmp_path, source="oci")

    assert_loaded(run, tmp_path)
    assert ranges(registry) == [f"bytes={HALF}-"]
    assert registry.sent_bytes == len(BLOB) - HALF
    assert run.last("continued")["at_bytes"] == HALF
    assert run.last("missing")["bytes"] == len(BLOB) - HALF


def test_a_server_without_ranges_costs_time_only(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_file(registry)
    break_off(registry, agent, digest, tmp_path)
    registry.faults.ignore_range = True

    assert_loaded(agent(digest, tmp_path, source="oci"), tmp_path)


def test_whole_file_that_was_not_yet_noted_needs_no_bytes(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_file(registry)
    break_off(registry, agent, digest, tmp_path).write_bytes(BLOB)

    assert_loaded(agent(digest, tmp_path, source="oci"), tmp_path)
    assert ranges(registry) == []


@pytest.mark.parametrize("wrong", [bytes(HALF), BLOB[: HALF - 1] + b"x", bytes(len(BLOB))])
def test_wrong_bytes_on_the_disk_are_fetched_anew(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, wrong: bytes
) -> None:
    digest = push_file(registry)
    break_off(registry, agent, digest, tmp_path).write_bytes(wrong)
    registry.faults.corrupt[digest_of(BLOB)] = 0 if len(wrong) == len(BLOB) else 1

    run = agent(digest, tmp_path, source="oci")

    assert_loaded(run, tmp_path)
    assert ranges(registry)[-1] == ""
    assert "is promised; they are dropped" in str(run.last("again")["why"])


def test_wrong_bytes_on_the_disk_do_not_use_up_the_source_s_attempts(
    tmp_path: Path, registry: FakeRegistry, agent: Agent
) -> None:
    digest = push_file(registry)
    break_off(registry, agent, digest, tmp_path).write_bytes(bytes(len(BLOB)))
    registry.faults.corrupt[digest_of(BLOB)] = 1

    assert_loaded(agent(digest, tmp_path, source="oci"), tmp_path)
    assert ranges(registry) == ["", ""]


def test_wrong_bytes_everywhere_are_never_current(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_file(registry)
    break_off(registry, agent, digest, tmp_path).write_bytes(bytes(HALF))
    registry.faults.corrupt[digest_of(BLOB)] = 100

    assert agent(digest, tmp_path, source="oci").code == 5

    assert not (tmp_path / "current").exists()
    assert not list(tmp_path.glob(".store/*.tmp-*"))


@pytest.mark.parametrize("form", ["longer", "link"])
def test_what_cannot_be_a_beginning_is_dropped(tmp_path: Path, registry: FakeRegistry, agent: Agent, form: str) -> None:
    digest = push_file(registry)
    left = break_off(registry, agent, digest, tmp_path)
    outside = tmp_path / "outside"
    outside.write_bytes(BLOB[:HALF])
    if form == "longer":
        left.write_bytes(BLOB + b"x")
    else:
        left.unlink()
        left.symlink_to(outside)

    assert_loaded(agent(digest, tmp_path, source="oci"), tmp_path)
    assert ranges(registry) == [""]
    assert outside.read_bytes() == BLOB[:HALF]


def test_name_that_another_layer_has_too_is_still_refused(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_file(registry, (TAR, tar_of({"deep/w.bin": b"other"}), {}))
    registry.faults.cut_at[digest_of(BLOB)] = [HALF, *[0] * ATTEMPTS]
    assert agent(digest, tmp_path, "--parallel", "1", source="oci").code == 3

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 7
    assert "two entries for 'deep/w.bin'" in run.why


def test_layer_of_another_version_is_linked_rather_than_continued(
    tmp_path: Path, registry: FakeRegistry, agent: Agent
) -> None:
    digest = push_file(registry)
    break_off(registry, agent, digest, tmp_path)
    staging = next(tmp_path.glob(".store/*.tmp-*"))
    shutil.move(staging, tmp_path / "kept")
    other = push_file(registry, ("x/y", b"more", {TITLE: "more"}))
    assert agent(other, tmp_path, source="oci").code == 0
    shutil.move(tmp_path / "kept", staging)
    registry.requests.clear()

    assert_loaded(agent(digest, tmp_path, source="oci"), tmp_path)
    assert ranges(registry) == []


def test_room_is_needed_for_the_rest_only(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = push_file(registry)
    break_off(registry, agent, digest, tmp_path)
    monkeypatch.setattr("components.loaders.agent.load.RESERVE_BYTES", 0)

    def free(_: Store) -> int:
        return len(BLOB) - HALF

    monkeypatch.setattr(Store, "free_bytes", free)

    assert_loaded(agent(digest, tmp_path, source="oci"), tmp_path)


def test_unvouched_bytes_are_never_continued(tmp_path: Path) -> None:
    with_digest, without = layer_at("a", b"12345"), layer_at("b", b"12345", vouched=False)
    store = tmp_path / ".store"
    store.mkdir()
    left = Staging(store, "sha256-1")
    left.open()
    left.close()
    staging = Staging(store, "sha256-1")
    assert staging.open()
    for name in ("a", "b"):
        (staging.tree / name).write_bytes(b"123")

    assert staging.recover([with_digest, without]) == set()

    begun = staging.beginnings.of(with_digest)
    assert begun is not None
    assert b"".join(begun.pieces()) == b"123"
    assert staging.beginnings.of(without) is None
    assert (staging.missing_bytes(with_digest), staging.missing_bytes(without)) == (2, 5)
    assert not list(staging.tree.iterdir())
    staging.close()


def test_archive_without_a_digest_is_never_continued(tmp_path: Path) -> None:
    (tmp_path / ".store").mkdir()
    staging = Staging(tmp_path / ".store", "sha256-1")
    staging.open()
    unvouched = Layer(blob=layer_at("a", vouched=False).blob, form="tar", compression="")
    with staging.beginnings.notes(unvouched) as notes:
        notes.add(b"", ("a",), 5)
    (staging.tree / "a").write_bytes(b"123")

    assert staging.recover([unvouched]) == set()

    assert staging.beginnings.of(unvouched) is None
    staging.close()


def test_longest_beginning_is_kept(tmp_path: Path) -> None:
    """A run may die after it has set a file aside, and before or after it has begun to continue it."""
    layer = layer_at("a", b"12345")
    (tmp_path / ".store").mkdir()
    staging = Staging(tmp_path / ".store", "sha256-1")
    staging.open()
    for content in (b"123", b"", b"12", b"1234"):
        (staging.tree / "a").write_bytes(content)
        staging.recover([layer])

    begun = staging.beginnings.of(layer)
    assert begun is not None
    assert b"".join(begun.pieces()) == b"1234"
    staging.close()


def test_marks_win_over_beginnings(tmp_path: Path) -> None:
    layer = layer_at("a", b"12345")
    (tmp_path / ".store").mkdir()
    staging = Staging(tmp_path / ".store", "sha256-1")
    staging.open()
    (staging.tree / "a").write_bytes(b"12345")
    staging.mark_done(layer.key, Written(files=(FileRecord(path="a", size=5, executable=False),), directories=()))

    assert staging.recover([layer]) == {layer.key}
    assert (staging.tree / "a").read_bytes() == b"12345"
    staging.close()


def test_kill_in_the_middle_then_at_every_step_of_the_next_run(tmp_path: Path, registry: FakeRegistry) -> None:
    digest = push_file(registry)
    torn, record = tmp_path / "torn", tmp_path / "steps"
    registry.faults.delay_seconds = 0.05
    process = Crashing(0, record, words(registry, digest, torn))
    wait_for(lambda: any(path.stat().st_size for path in torn.glob(".store/*.tmp-*/tree/deep/w.bin")))
    process.kill()
    process.wait()
    registry.faults.delay_seconds = 0
    (left,) = torn.glob(".store/*.tmp-*/tree/deep/w.bin")
    at = left.stat().st_size
    assert 0 < at < len(BLOB)
    shutil.copytree(torn, tmp_path / "counting", symlinks=True)
    assert run_until(0, record, words(registry, digest, tmp_path / "counting")) == 0
    steps = record.read_text().splitlines()
    assert {"staging-open", "hashed-again", "layer-written", "layer-done"} <= set(steps)

    for number, name in enumerate(steps, start=1):
        into = tmp_path / f"killed-{number}"
        shutil.copytree(torn, into, symlinks=True)
        assert run_until(number, record, words(registry, digest, into)) == -9, name
        registry.requests.clear()

        assert main(words(registry, digest, into)) == 0, name

        assert (into / "current/deep/w.bin").read_bytes() == BLOB, name
        assert "" not in ranges(registry), f"moved from the start after {name}"
        assert main(words(registry, digest, into)) == 0
        assert not list(into.glob(".store/*.tmp-*")), name
