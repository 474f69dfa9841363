"""Loads from a moto server through a bad network, and with objects that change underneath."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from components.loaders.agent import ranged, s3
from components.loaders.agent.retry import ATTEMPTS
from tests.components.loaders.agent.conftest import is_untouched
from tests.components.loaders.agent.kits import noise, tree_of
from tests.components.loaders.agent.s3.conftest import S3Agent
from tests.components.loaders.agent.s3.cutting_proxy import CuttingProxy
from tests.components.loaders.agent.s3.object_store import MotoStore

BLOB = noise(1_000_000, 5)
GET_BLOB = "/m/w.bin HTTP"


@pytest.fixture
def reference(store: MotoStore) -> str:
    """One object of a megabyte in a bucket that anyone may read."""
    store.open_to_all()
    return store.push("m", {"w.bin": BLOB})


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> int:
    """Parts of 64 KiB, so that the object has 16 of them."""
    monkeypatch.setattr(ranged, "PART_BYTES", 65536)
    monkeypatch.setattr(s3, "SINGLE_BYTES", 100_000)
    return -(-len(BLOB) // 65536)


@pytest.mark.parametrize("percent", [10, 50, 99])
def test_cut_connection_is_resumed_at_the_byte_it_broke(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str, percent: int
) -> None:
    at = len(BLOB) * percent // 100
    proxy.cuts[GET_BLOB] = [at]

    run = s3_agent(reference, tmp_path)

    assert run.code == 0, run.text
    assert (tmp_path / "current/w.bin").read_bytes() == BLOB
    assert f"Range: bytes={at}-\r\n" in proxy.heads[-1]
    assert run.last("done")["moved_bytes"] == len(BLOB)  # no byte twice


@pytest.mark.parametrize("percent", [10, 50, 99])
def test_cut_part_is_resumed_alone(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str, parts: int, percent: int
) -> None:
    start = (parts // 2) * 65536
    proxy.cuts[f"Range: bytes={start}-"] = [65536 * percent // 100]

    run = s3_agent(reference, tmp_path)

    assert run.code == 0, run.text
    assert (tmp_path / "current/w.bin").read_bytes() == BLOB
    assert len(proxy.paths(GET_BLOB)) == parts + 1
    resumed = run.last("resume-part")
    assert (resumed["at_bytes"], resumed["of_bytes"]) == (start + 65536 * percent // 100, start + 65536)
    assert not [line for line in run.lines if line["event"] == "resume"]
    assert proxy.busy > 1


def test_every_part_cut_again_and_again(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str, parts: int
) -> None:
    proxy.cuts[GET_BLOB] = [20_000] * (parts * 3)

    run = s3_agent(reference, tmp_path)

    assert run.code == 0, run.text
    assert (tmp_path / "current/w.bin").read_bytes() == BLOB


@pytest.mark.usefixtures("parts")
def test_part_that_never_comes_ends_the_load_without_multiplied_attempts(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str
) -> None:
    proxy.cuts["Range: bytes=131072-"] = [0] * 100

    run = s3_agent(reference, tmp_path)

    assert run.code == 3
    assert len(proxy.paths("Range: bytes=131072-")) == ATTEMPTS
    assert not (tmp_path / "current").exists()
    assert _free_slots() == ranged.SLOTS


@pytest.mark.usefixtures("parts")
def test_flipped_bit_on_the_way_is_fetched_once_more(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str
) -> None:
    proxy.flips["Range: bytes=262144-"] = [77]

    run = s3_agent(reference, tmp_path)

    assert run.code == 0, run.text
    assert run.last("again")["blob"] == "w.bin"
    assert (tmp_path / "current/w.bin").read_bytes() == BLOB


def test_flipped_bit_in_the_store_is_refused_and_the_old_model_stays(
    tmp_path: Path, s3_agent: S3Agent, store: MotoStore, reference: str
) -> None:
    old = store.push("old", {"w.bin": b"old"})
    assert s3_agent(old, tmp_path).code == 0
    store.put("m/w.bin", bytes([BLOB[0] ^ 1]) + BLOB[1:])

    run = s3_agent(reference, tmp_path)

    assert run.code == 5
    assert (tmp_path / "current/w.bin").read_bytes() == b"old"
    assert not list((tmp_path / ".store").glob("*.tmp-*"))


@pytest.mark.usefixtures("parts")
def test_object_replaced_while_its_parts_are_read(
    tmp_path: Path, s3_agent: S3Agent, store: MotoStore, proxy: CuttingProxy, reference: str
) -> None:
    proxy.pause_seconds = 0.05

    def replace() -> None:
        while not proxy.paths("Range: bytes=131072-"):
            pass
        store.put("m/w.bin", noise(len(BLOB), 6))

    other = threading.Thread(target=replace)
    other.start()
    run = s3_agent(reference, tmp_path)
    other.join()

    assert run.code == 5
    assert "was replaced since it was looked at" in run.why
    assert is_untouched(tmp_path)


@pytest.mark.usefixtures("parts")
def test_store_that_does_not_know_if_match(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str
) -> None:
    other = b'HTTP/1.1 206 Partial Content\r\nContent-Length: 65536\r\nETag: "other"\r\n'
    proxy.answers["Range: bytes=65536-"] = [
        other + f"Content-Range: bytes 65536-131071/{len(BLOB)}\r\n\r\n".encode() + bytes(65536)
    ] * 2

    run = s3_agent(reference, tmp_path)

    assert run.code == 5
    assert "was replaced since it was looked at" in run.why


@pytest.mark.usefixtures("parts")
def test_store_without_ranges(tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str) -> None:
    whole = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BLOB)}\r\n\r\n".encode() + BLOB
    proxy.answers[GET_BLOB] = [whole] * 100

    run = s3_agent(reference, tmp_path)

    assert run.code == 12
    assert "ignores ranges" in run.why


def test_slow_store_meets_the_deadline(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str, parts: int
) -> None:
    proxy.pause_seconds = 1.5

    run = s3_agent(reference, tmp_path, "--deadline-seconds", "4")

    assert parts > 4
    assert run.code == 10
    assert not (tmp_path / "current").exists()


def test_no_store_at_all_and_then_there_is_one(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str
) -> None:
    there, proxy.target = proxy.target, 1  # nothing listens there: the connection ends without an answer

    run = s3_agent(reference, tmp_path)

    assert run.code == 3
    assert len([line for line in run.lines if line["event"] == "retry"]) == ATTEMPTS - 1
    assert is_untouched(tmp_path)
    proxy.target = there
    assert s3_agent(reference, tmp_path).code == 0


def test_host_name_that_cannot_be_resolved(tmp_path: Path, s3_agent: S3Agent, reference: str) -> None:
    run = s3_agent(reference, tmp_path, "--endpoint", "http://no-such-host.invalid")

    assert run.code == 3
    assert "no-such-host.invalid" in run.why


def test_volume_that_is_too_small(s3_agent: S3Agent, store: MotoStore, small_volume: Callable[[int], Path]) -> None:
    store.open_to_all()
    volume = small_volume(70 * 1024 * 1024)

    run = s3_agent(store.push("big", {"w.bin": noise(10 * 1024 * 1024, 1)}), volume)

    assert run.code == 6
    assert "enlarge it" in run.why
    assert is_untouched(volume)


def test_large_object_of_an_upload_in_parts(
    tmp_path: Path, s3_agent: S3Agent, store: MotoStore, proxy: CuttingProxy
) -> None:
    """With the real sizes: 8 MiB parts of an object that was uploaded in parts of another size."""
    store.open_to_all()
    large = noise(45 * 1024 * 1024 + 7, 9)
    store.put_in_parts("large/w.bin", large, 5 * 1024 * 1024)
    reference = store.push_list("large", {"w.bin": large})

    run = s3_agent(reference, tmp_path)

    assert run.code == 0, run.text
    assert len(proxy.paths("/large/w.bin HTTP")) == 6
    assert (tmp_path / "current/w.bin").read_bytes() == large
    assert _free_slots() == ranged.SLOTS


def test_old_version_is_kept_when_the_list_is_gone(
    tmp_path: Path, s3_agent: S3Agent, store: MotoStore, reference: str
) -> None:
    assert s3_agent(reference, tmp_path).code == 0
    before = tree_of(tmp_path / "current")
    other = store.push("gone", {"w.bin": b"new"})
    store.client("s3").delete_object(Bucket=store.bucket, Key="gone/SHA256SUMS")

    assert s3_agent(other, tmp_path).code == 9

    assert tree_of(tmp_path / "current") == before


def _free_slots() -> int:
    """Take every slot that comes free within a while, and give them back."""
    taken = 0
    while ranged.slots.acquire(timeout=2 if taken < ranged.SLOTS else 0):
        taken += 1
    for _ in range(taken):
        ranged.slots.release()
    return taken
