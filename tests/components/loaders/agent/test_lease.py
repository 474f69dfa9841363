"""One writer at a time, with and without file locks that tell the truth."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.loaders.agent import lease as module
from components.loaders.agent import locks
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import LockError
from components.loaders.agent.lease import Lease
from components.loaders.agent.logs import Log
from components.loaders.agent.store import Store
from tests.components.loaders.agent.processes import ROOT, wait_for

CONTENDER = Path(__file__).with_name("contender.py")


def make(directory: Path) -> Lease:
    return Lease(directory, "x", Log())


@pytest.fixture
def lying_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """``flock`` as on NFS with ``nolock``: always granted; and every holder is on another machine."""

    def granted(_: int) -> bool:
        return True

    machines = iter(range(10**6))

    def stranger() -> str:
        return f"machine-{next(machines)}"

    monkeypatch.setattr(module, "try_lock", granted)
    monkeypatch.setattr(locks, "machine", stranger)


def test_taken_once_and_free_again(tmp_path: Path) -> None:
    first, second = make(tmp_path), make(tmp_path)

    assert first.try_acquire()
    assert not second.try_acquire()
    first.check()
    first.release()
    assert second.try_acquire()
    with pytest.raises(LockError, match="lost its lease"):
        first.check()
    second.release()


def test_deadline_of_waiting(tmp_path: Path) -> None:
    holder = make(tmp_path)
    assert holder.try_acquire()

    with pytest.raises(LockError, match="another loader held this lease"):
        make(tmp_path).acquire(Deadline(0.3))
    holder.release()


@pytest.mark.usefixtures("lying_locks")
def test_locks_that_lie_do_not_make_two_holders(tmp_path: Path) -> None:
    first, second = make(tmp_path), make(tmp_path)

    assert first.try_acquire()
    assert not second.try_acquire()
    first.release()


@pytest.mark.usefixtures("lying_locks")
def test_silent_lease_is_followed_and_its_holder_notices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stalled, next_one = make(tmp_path), make(tmp_path)
    assert stalled.try_acquire()
    os.utime(tmp_path / "x.1.lock", (0, time.time() - module.LEASE_SECONDS - 1))

    assert next_one.try_acquire()

    with pytest.raises(LockError, match="stalled"):
        stalled.check()
    stalled.release()  # frees only its own number
    assert not make(tmp_path).try_acquire()
    next_one.check()
    monkeypatch.setattr(module, "HOLD_SECONDS", -1.0)
    with pytest.raises(LockError, match="stalled"):
        next_one.check()  # even before anyone followed
    next_one.release()


@pytest.mark.usefixtures("lying_locks")
def test_heartbeat_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.02)
    holder = make(tmp_path)
    assert holder.try_acquire()
    os.utime(tmp_path / "x.1.lock", (0, 0))

    wait_for(lambda: (tmp_path / "x.1.lock").stat().st_mtime > 0)

    assert not make(tmp_path).try_acquire()
    holder.check()
    holder.release()


@pytest.mark.usefixtures("lying_locks")
def test_slow_taker_never_joins_a_living_holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A taker that judged the lease free sleeps until others have taken, given back and cleaned up many times."""
    slow = make(tmp_path)
    holders: list[Lease] = []
    judged = Lease._is_free  # pyright: ignore[reportPrivateUsage]  # where the taker falls asleep

    def asleep(self: Lease, number: int) -> bool:
        free = judged(self, number)
        if self is slow:
            for _ in range(5):
                holders.append(make(tmp_path))
                assert holders[-1].try_acquire()
                if len(holders) < 5:
                    holders[-1].release()
        return free

    first = make(tmp_path)
    assert first.try_acquire()
    first.release()
    monkeypatch.setattr(Lease, "_is_free", asleep)

    assert not slow.try_acquire()

    holders[-1].check()
    assert not make(tmp_path).try_acquire()
    holders[-1].release()
    assert len(list(tmp_path.glob("x.*.lock"))) == module.KEPT


def test_only_the_last_files_stay(tmp_path: Path) -> None:
    for _ in range(10):
        holder = make(tmp_path)
        assert holder.try_acquire()
        holder.release()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.10.lock", "x.9.lock"]


@pytest.mark.usefixtures("lying_locks")
def test_one_holder_at_a_time_among_threads(tmp_path: Path) -> None:
    """400 turns of eight contenders: inside, a file may only be made by one; every turn is counted without a lock."""
    inside = tmp_path / "inside"
    count = tmp_path / "count"
    count.write_text("0")
    held = threading.local()

    def contend(_: int) -> None:
        held.lease = lease = make(tmp_path)
        lease.acquire(Deadline(60))
        with inside.open("x"):
            count.write_text(str(int(count.read_text()) + 1))
        inside.unlink()
        lease.check()
        lease.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(contend, range(400)))

    assert count.read_text() == "400"


def contenders(tmp_path: Path, rounds: int, *more: str) -> list[subprocess.Popen[bytes]]:
    command = [sys.executable, str(CONTENDER), str(tmp_path), str(rounds), *more]
    return [subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}) for _ in range(4)]


@pytest.mark.parametrize("locks", ["true-locks", "lying-locks"])
def test_one_holder_at_a_time_among_processes(tmp_path: Path, locks: str) -> None:
    (tmp_path / "count").write_text("0")

    started = contenders(tmp_path, 100, locks)

    assert [process.wait(timeout=120) for process in started] == [0] * 4
    assert (tmp_path / "count").read_text() == "400"


def hold(tmp_path: Path, locks: str) -> subprocess.Popen[bytes]:
    """Start a process that takes the lease and keeps it."""
    command = [sys.executable, str(CONTENDER), str(tmp_path), "0", locks]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    wait_for((tmp_path / "held").exists)
    return process


def seconds_to_follow(tmp_path: Path, act: Callable[[], None]) -> float:
    """Return how long the next one waits after something happened to the holder."""
    act()
    started = time.monotonic()
    following = make(tmp_path)
    following.acquire(Deadline(30))
    following.check()
    following.release()
    return time.monotonic() - started


def test_killed_holder_on_this_machine_costs_no_time(tmp_path: Path) -> None:
    process = hold(tmp_path, "true-locks")
    assert not make(tmp_path).try_acquire()

    def kill() -> None:
        process.kill()
        process.wait()

    assert seconds_to_follow(tmp_path, kill) < 5 < module.LEASE_SECONDS


@pytest.mark.usefixtures("lying_locks")
def test_killed_holder_is_followed_within_the_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEASE_SECONDS", 2.0)
    process = hold(tmp_path, "lying-locks")
    process.kill()
    process.wait()

    def nothing() -> None:
        assert not make(tmp_path).try_acquire(), "followed before its time"

    assert 1 < seconds_to_follow(tmp_path, nothing) < 2 + 2


def test_stalled_loader_changes_nothing_that_others_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path, "current", Deadline(30), Log())
    store.prepare()
    keys = [f"sha256-{letter * 64}" for letter in "12"]
    with store.staging(keys[0]) as staging:
        store.commit(keys[0], staging, {})
    store.switch(keys[0])

    with store.staging(keys[1]) as staging, store.lock(keys[1]):
        monkeypatch.setattr(module, "HOLD_SECONDS", -1.0)
        with pytest.raises(LockError, match="stalled"):
            store.commit(keys[1], staging, {})

    assert not store.has(keys[1])
    with store.lock(keys[0]):
        (tmp_path / ".store" / keys[1]).mkdir()
        with pytest.raises(LockError, match="stalled"):
            store.switch(keys[1])
    assert store.is_current(keys[0])
