"""Hashing beside gives the same digest, holds a bounded number of pieces and leaves no thread."""

import hashlib
import os
import threading
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.loaders.agent import blobstream
from components.loaders.agent.cli import main
from components.loaders.agent.hashing import Checksum, HashingBeside
from components.loaders.agent.layerload import has_spare_core
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.processes import wait_for
from tests.components.loaders.agent.watching import push

PIECES: Final = 3


def digest_of(pieces: list[bytes]) -> str:
    return f"sha256:{hashlib.sha256(b''.join(pieces)).hexdigest()}"


@given(st.lists(st.binary(max_size=9), max_size=4 * PIECES))
def test_same_digest(pieces: list[bytes]) -> None:
    beside = HashingBeside(Checksum(digest_of(pieces), sum(map(len, pieces))), PIECES)

    for piece in pieces:
        beside.update(piece)

    assert beside.found == beside.expected == digest_of(pieces)


class Held(Checksum):
    """Takes nothing in until told."""

    def __init__(self) -> None:
        super().__init__(digest_of([]), 0)
        self.go = threading.Event()

    def update(self, data: bytes) -> None:
        assert self.go.wait(30)
        super().update(data)


def test_no_more_than_the_bound_is_held() -> None:
    held, given_ = Held(), list[bytes]()
    beside = HashingBeside(held, PIECES)

    def give() -> None:
        for _ in range(2 * PIECES):
            beside.update(b"x")
            given_.append(b"x")

    giver = threading.Thread(target=give)
    giver.start()
    wait_for(lambda: len(given_) == PIECES + 1)  # one is in the thread's hands
    threading.Event().wait(0.05)
    assert len(given_) == PIECES + 1

    held.go.set()
    giver.join()
    assert beside.found == digest_of(given_)


class Failing(Checksum):
    """Cannot take in anything."""

    def update(self, data: bytes) -> None:
        raise MemoryError(len(data))


def test_a_failure_of_hashing_is_told_and_holds_up_nobody() -> None:
    beside = HashingBeside(Failing(digest_of([]), 0), PIECES)

    for _ in range(3 * PIECES):
        beside.update(b"x")

    with pytest.raises(MemoryError):
        _ = beside.found
    beside.close()


def test_closing_ends_the_thread_whatever_was_taken_in() -> None:
    before = threading.active_count()
    for pieces in ([], [b"x"] * PIECES):
        beside = HashingBeside(Checksum(digest_of(pieces), len(pieces)), PIECES)
        for piece in pieces:
            beside.update(piece)
        for _ in range(2):
            beside.close()

    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("sizes", "parallel", "cores", "spare"),
    [
        ([100], 4, 1, False),
        ([100], 4, 2, True),
        ([100, 100], 4, 2, False),
        ([100, 1, 1, 1], 4, 2, True),
        ([1, 100, 1, 1], 4, 2, False),
        ([100] * 8, 4, 4, False),
        ([100] * 8, 4, 5, True),
        ([100] * 8, 1, 2, True),
        ([0], 4, 2, True),
    ],
)
def test_first_layer_gets_a_second_core_if_others_leave_one(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], parallel: int, cores: int, *, spare: bool
) -> None:
    def allowed(_: int) -> set[int]:
        return set(range(cores))

    monkeypatch.setattr(os, "sched_getaffinity", allowed, raising=False)

    assert has_spare_core(sizes[0], sum(sizes), parallel) is spare


@pytest.mark.parametrize("cores", [1, 2])
def test_layer_is_hashed_beside_where_a_core_is_idle(
    tmp_path: Path, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    beside: list[int] = []

    class Noted(HashingBeside):
        def __init__(self, checksum: Checksum, pieces: int) -> None:
            super().__init__(checksum, pieces)
            beside.append(pieces)

    def allowed(_: int) -> set[int]:
        return set(range(cores))

    monkeypatch.setattr(blobstream, "HashingBeside", Noted)
    monkeypatch.setattr(os, "sched_getaffinity", allowed, raising=False)
    reference = f"{registry.host}/ns/kit@" + push(registry, "whole").replace("-", ":")

    assert main(["once", "--source", "oci", "--reference", reference, "--into", str(tmp_path), "--plain-http"]) == 0

    assert (tmp_path / "current/file").read_text() == "whole"
    assert len(beside) == (1 if cores == 2 else 0)
