"""Killed at every step of a load from a moto server, and in the middle of parts: the next run converges."""

import time
from pathlib import Path

from components.loaders.agent.cli import main
from tests.components.loaders.agent.crashing import Crashing
from tests.components.loaders.agent.kits import noise, tree_of
from tests.components.loaders.agent.processes import whole_layers
from tests.components.loaders.agent.s3.conftest import s3_words
from tests.components.loaders.agent.s3.cutting_proxy import CuttingProxy
from tests.components.loaders.agent.s3.object_store import MotoStore


def push(store: MotoStore, version: int) -> str:
    """Push two files that every version shares, and two of its own."""
    own = {"w/a": noise(100_000, version), "w/b": noise(1000, version + 50)}
    return store.push(f"v{version}", {"shared/c": b"c" * 1000, "config.json": b"{}", **own})


def test_kill_at_every_step(tmp_path: Path, store: MotoStore) -> None:
    store.open_to_all()
    old, new = push(store, 1), push(store, 2)
    more = ["--parallel", "1", "--keep-previous", "0"]
    record = tmp_path / "steps"
    whole: dict[str, dict[str, tuple[str, int]]] = {}
    for reference in (old, new):
        assert main(s3_words(reference, tmp_path / reference[-8:], store.endpoint, *more)) == 0
        whole[reference] = tree_of(tmp_path / reference[-8:] / "current")
    counting = tmp_path / "counting"
    assert main(s3_words(old, counting, store.endpoint, *more)) == 0
    assert Crashing(0, record, s3_words(new, counting, store.endpoint, *more)).wait(timeout=60) == 0
    steps = record.read_text().splitlines()
    assert {"staging-open", "layer-linked", "layer-written", "layer-done", "version-renamed", "switched"} <= set(steps)

    for number, name in enumerate(steps, start=1):
        into = tmp_path / f"killed-{number}"
        assert main(s3_words(old, into, store.endpoint, *more)) == 0
        words = s3_words(new, into, store.endpoint, *more)

        assert Crashing(number, record, words).wait(timeout=60) == -9, name

        assert tree_of(into / "current") in list(whole.values()), f"torn after {name}"
        assert main(words) == 0, name
        assert tree_of(into / "current") == whole[new], name
        assert main(words) == 0
        assert not list(into.glob(".store/*.tmp-*")), name


def test_kill_while_parts_are_read(tmp_path: Path, store: MotoStore, proxy: CuttingProxy) -> None:
    store.open_to_all()
    large, small = noise(40 * 1024 * 1024, 3), noise(1000, 4)
    reference = store.push("m", {"a-small": small, "large": large})
    into = tmp_path / "models"
    proxy.pause_seconds = 0.01
    process = Crashing(0, tmp_path / "steps", s3_words(reference, into, proxy.endpoint))
    end = time.monotonic() + 60
    while len(proxy.paths("/m/large HTTP")) < 5 or not whole_layers(into):
        assert time.monotonic() < end, "the load did not get into the large object"
        time.sleep(0.01)

    process.kill()
    process.wait()

    assert not (into / "current").exists()
    proxy.pause_seconds = 0
    proxy.heads.clear()
    assert main(s3_words(reference, into, proxy.endpoint)) == 0
    assert (into / "current/large").read_bytes() == large
    assert not proxy.paths("/m/a-small HTTP"), "what was whole is not moved again"
