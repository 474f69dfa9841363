"""The store and its leftovers, looked at from inside."""

import os
import time
from pathlib import Path

import pytest

from components.loaders.agent import lease, staging
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.locks import machine
from components.loaders.agent.locks import owner as owner_here
from components.loaders.agent.logs import Log
from components.loaders.agent.records import FileRecord, Written
from components.loaders.agent.staging import STALE_SECONDS, Staging, claim
from components.loaders.agent.store import Store
from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import noise, small_kit, tree_of
from tests.components.loaders.agent.layers import layer_at

KEY = f"sha256-{'1' * 64}"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    store = Store(tmp_path, "current", Deadline(30), Log())
    store.prepare()
    return store


def leave_behind(root: Path, owner: str, age_seconds: float, key: str = KEY) -> Path:
    """Make the staging directory of a process of some machine that is gone."""
    path = root / ".store" / f"{key}.tmp-dead"
    path.mkdir(parents=True)
    alive = path / "alive"
    descriptor = os.open(alive, os.O_RDWR | os.O_CREAT)
    os.pwrite(descriptor, owner_here(descriptor).replace(machine().encode(), owner.encode()), 0)
    os.close(descriptor)
    then = time.time() - age_seconds
    os.utime(alive, (then, then))
    return path


@pytest.mark.parametrize(
    ("owner", "age_seconds", "dead"),
    [
        (machine(), 0, True),
        ("another-node", 0, False),
        ("another-node", STALE_SECONDS + 5, True),
        ("", 0, False),
    ],
)
def test_who_counts_as_dead(tmp_path: Path, store: Store, owner: str, age_seconds: float, *, dead: bool) -> None:
    path = leave_behind(tmp_path, owner, age_seconds)

    store.clean_leftovers("")

    assert path.exists() != dead


def test_living_loader_is_never_disturbed(tmp_path: Path, store: Store) -> None:
    mine = Staging(tmp_path / ".store", KEY)
    mine.open()
    os.utime(mine.path / "alive", (0, 0))

    store.clean_leftovers("")

    assert mine.tree.is_dir()
    assert claim(mine.path) is None
    mine.close()
    descriptor = claim(mine.path)
    assert descriptor is not None
    os.close(descriptor)


def test_leftovers_of_the_same_version_wait_to_be_taken_over(tmp_path: Path, store: Store) -> None:
    path = leave_behind(tmp_path, machine(), 0)

    store.clean_leftovers(KEY)

    assert path.exists()


def test_leftovers_of_other_versions_go_before_a_load(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    path = leave_behind(tmp_path, machine(), 0)

    run = agent(small_kit(registry), tmp_path)

    assert (run.code, path.exists()) == (0, False)
    assert run.last("removed-leftover")["path"] == str(path)


def test_taken_over_tree_keeps_only_what_was_marked_and_is_whole(tmp_path: Path, store: Store) -> None:
    path = leave_behind(tmp_path, machine(), 0)
    with store.staging(KEY) as mine:
        assert not path.exists()
        for name in ("whole", "short", "unmarked"):
            (mine.tree / name).write_bytes(b"12345")

        whole, short = (
            FileRecord(path=name, size=size, executable=False) for name, size in (("whole", 5), ("short", 6))
        )
        wanted = [layer_at(name) for name in ("whole", "short", "unmarked")]
        for layer, written in zip(wanted, (whole, short), strict=False):
            mine.mark_done(layer.key, Written(files=(written,), directories=("empty/deep",)))
        (mine.path / "layers" / wanted[2].key).write_text("{broken")

        assert mine.recover(wanted) == {wanted[0].key}

        assert sorted(found.name for found in mine.tree.rglob("*")) == ["deep", "empty", "whole"]


def test_loser_of_a_race_without_locks_finds_it_done(tmp_path: Path, store: Store) -> None:
    """Both made the same version: the second rename fails, which is fine, the trees are equal."""
    for content in (b"first", b"second"):
        with store.staging(KEY) as mine:
            (mine.tree / "f").write_bytes(content)
            store.commit(KEY, mine, {})

    assert (tmp_path / ".store" / KEY / "f").read_bytes() == b"first"
    assert not list((tmp_path / ".store").glob("*.tmp-*"))


def test_volume_without_locks(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_: int) -> None:
        return None

    for module in (lease, staging):
        monkeypatch.setattr(module, "try_lock", no_locks)

    run = agent(small_kit(registry), tmp_path)

    assert run.code == 0
    assert len(tree_of(tmp_path / "current")) == 7


def test_version_that_another_loader_is_about_to_use_is_not_pruned(tmp_path: Path, store: Store) -> None:
    for key in (KEY, f"sha256-{'2' * 64}"):
        (tmp_path / ".store" / key).mkdir()

    with store.lock(KEY):
        store.prune(0)

    assert [path.name for path in (tmp_path / ".store").iterdir() if path.is_dir()] == [KEY]


def test_versions_that_any_link_names_are_kept(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digests = [small_kit(registry, weights=noise(500, seed)) for seed in range(2)]

    for digest, link in zip(digests, ("blue", "green"), strict=True):
        assert agent(digest, tmp_path, "--link", link, "--keep-previous", "0").code == 0

    assert (tmp_path / "blue/model/weights.bin").read_bytes() == noise(500, 0)
    assert (tmp_path / "green/model/weights.bin").read_bytes() == noise(500, 1)
