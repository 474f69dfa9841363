"""Killed at every step, two loaders on one store, a reader through 200 switches: processes and a real registry."""

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

from tests.components.loaders.agent.agent_process import finish, once, start_agent
from tests.components.loaders.agent.conftest import Pull
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import gzipped, noise, push_kit, tar_of, tree_of
from tests.components.loaders.agent.processes import ROOT, wait_for, whole_layers
from tests.components.loaders.agent.reading import fingerprint
from tests.components.loaders.agent.real_registry import RealRegistry
from tests.components.loaders.agent.tcp_proxy import TcpProxy
from tests.components.loaders.agent.test_crashes import run_until

SWITCHES = 200


def push_version(registry: RealRegistry, version: int, size: int = 50_000) -> str:
    """Push a kit of three layers: weights, packed code and a data set that all versions have in common."""
    made = FakeRegistry()
    model = tar_of({"model/weights.bin": noise(size, version), "model/config.json": b'{"version": %d}' % version})
    code = gzipped(tar_of({"code/run.sh": b"#!/bin/sh\n# %d\n" % version}, {"code/run.sh": 0o755}))
    data = tar_of({"data/train.csv": noise(20_000, 99)})
    kitfile = {
        "manifestVersion": "1.0.0",
        "model": {"name": "m", "path": "model", "digest": digest_of(model)},
        "code": [{"path": "code", "digest": digest_of(code)}],
        "datasets": [{"name": "train", "path": "data/train.csv", "digest": digest_of(data)}],
    }
    layers = [("model.v1.tar", model), ("code.v1.tar+gzip", code), ("dataset.v1.tar", data)]
    digest = push_kit(made, "ns/kit", kitfile, layers)
    registry.push(made)
    return digest


def test_kill_at_every_step(tmp_path: Path, real_registry: RealRegistry, pull: Pull) -> None:
    old, new = push_version(real_registry, 1), push_version(real_registry, 2)
    record = tmp_path / "steps"

    def words(digest: str, into: Path) -> list[str]:
        return once(real_registry.host, digest, into, "--keep-previous", "0", "--parallel", "1")

    trees = {}
    for digest in (old, new):
        assert pull(*words(digest, tmp_path / "undisturbed")).code == 0
        trees[digest] = tree_of(tmp_path / "undisturbed/current")
    assert pull(*words(old, tmp_path / "counting")).code == 0
    assert run_until(0, record, words(new, tmp_path / "counting")) == 0
    steps = record.read_text().splitlines()
    assert {"staging-open", "layer-done", "version-renamed", "switched", "renamed-to-trash"} <= set(steps)

    for number, name in enumerate(steps, start=1):
        into = tmp_path / f"killed-{number}"
        assert pull(*words(old, into)).code == 0

        assert run_until(number, record, words(new, into)) == -9, name

        seen = tree_of(into / "current")
        assert seen in (trees[old], trees[new]), f"torn after {name}"
        switched = steps.index("switched") < number
        assert seen == trees[new if switched else old], name
        again = pull(*words(new, into))
        assert again.code == 0, (name, again.text)
        assert tree_of(into / "current") == trees[new], name
        assert pull(*words(new, into)).code == 0  # removes what a kill after the version's rename left
        assert not list((into / ".store").glob("*.tmp-*")), name


def test_loader_that_waits_takes_over_from_one_that_is_killed(tmp_path: Path, real_registry: RealRegistry) -> None:
    digest = push_version(real_registry, 3, size=400_000)
    proxy = TcpProxy(real_registry.port, marker=b"/blobs/", bytes_per_second=200_000).start()
    words = once(proxy.host, digest, tmp_path)
    first = start_agent(*words)
    wait_for(lambda: whole_layers(tmp_path) >= 2, "two layers")
    started = time.monotonic()
    second = start_agent(*words)
    assert second.stderr is not None
    assert '"waiting"' in second.stderr.readline()

    first.kill()
    first.communicate()
    proxy.bytes_per_second = 0

    run = finish(second, started)
    proxy.stop()
    assert run.code == 0, run.text
    assert run.last("missing")["recovered"] == 2
    assert run.seconds < 30
    assert (tmp_path / "current/model/weights.bin").read_bytes() == noise(400_000, 3)
    assert not list(tmp_path.glob(".store/*.tmp-*"))


def test_reader_in_another_process_sees_only_whole_versions(
    tmp_path: Path, real_registry: RealRegistry, pull: Pull
) -> None:
    versions = [push_version(real_registry, number) for number in (1, 2, 3)]
    into = tmp_path / "models"
    whole: set[str] = set()
    for digest in versions:
        assert pull(*once(real_registry.host, digest, into)).code == 0
        whole.add(fingerprint((into / "current").resolve()))
    assert len(whole) == len(versions)
    command = [sys.executable, "-m", "tests.components.loaders.agent.reading", str(into / "current")]
    reader = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    # Two versions take turns, so a switch is all there is to do; the third one, now and then, makes one of them go,
    # which has to be moved again.
    order = [versions[2] if number % 10 == 9 else versions[number % 2] for number in range(SWITCHES)]
    soon = ("--keep-seconds", "0")
    results = [pull(*once(real_registry.host, digest, into, *soon)).last("done")["result"] for digest in order]

    said, _ = reader.communicate(timeout=60)
    seen: dict[str, int] = json.loads(said)
    assert all(one != other for one, other in itertools.pairwise(order))  # every load was a switch
    assert results.count("ok") >= SWITCHES // 10
    assert seen.pop("torn", 0) == 0
    gone = seen.pop("gone", 0)
    assert seen.keys() <= whole
    assert len(seen) >= 2, "the reader met no switch"
    assert sum(seen.values()) > 20 + gone
