"""The commands as processes: killed, ended, restarted, two at once, without a registry."""

import time
from functools import partial
from pathlib import Path

from components.loaders.agent.cli import main
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import noise, push_artifact, tree_of
from tests.components.loaders.agent.processes import AgentProcess, fingerprint, running, wait_for, whole_layers
from tests.components.loaders.agent.test_crashes import push_version
from tests.components.loaders.agent.watching import StandInRuntime, Watching, push

QUICK_SECONDS = 5.0
"""What counts as at once on a busy machine; every wait of the agent that could get in the way is longer."""


def words(command: str, registry: FakeRegistry, tail: str, into: Path, *more: str) -> list[str]:
    """Return a command line."""
    fixed = [command, "--source", "oci", "--reference", f"{registry.host}/ns/kit{tail}", "--into", str(into)]
    return [*fixed, "--plain-http", *more]


def tag(registry: FakeRegistry, digest: str, name: str = "prod") -> None:
    """Point a tag at a version."""
    registry.manifests["ns/kit", name] = registry.manifests["ns/kit", digest]


def serving(agent: AgentProcess, digest: str) -> bool:
    """Return whether the agent said last that this version is served."""
    return [line["key"] for line in agent.lines("serving")][-1:] == [digest.replace(":", "-")]


def is_tidy(into: Path) -> bool:
    """Return whether everything in a store is a version or one of its records."""
    names = [path.name for path in (into / ".store").iterdir()]
    return not [name for name in names if ".tmp-" in name or name.startswith((".link", ".trash"))]


def test_kill_at_every_step(tmp_path: Path, registry: FakeRegistry) -> None:
    """F5: wherever a watching loader dies, readers see a whole version and the next life ends at the new one."""
    old, new = (push(registry, text).replace("sha256-", "sha256:") for text in ("old", "new"))
    whole: dict[str, dict[str, tuple[str, int]]] = {}
    for digest in (old, new):
        assert main(words("once", registry, f"@{digest}", tmp_path / digest[-8:])) == 0
        whole[digest] = tree_of(tmp_path / digest[-8:] / "current")
    tag(registry, new)
    more = ("--interval-seconds", "0.05", "--parallel", "1", "--keep-previous", "0")
    pinned = f":prod@{old}"
    counting = tmp_path / "counting"
    assert main(words("once", registry, f"@{old}", counting / "models")) == 0
    with running(counting, words("watch", registry, pinned, counting / "models", *more)) as agent:
        wait_for(lambda: serving(agent, new))
        wait_for(lambda: not (counting / "models/.store" / old.replace(":", "-")).exists())
        agent.terminate()
    steps = (counting / "steps").read_text().splitlines()
    while steps[-2:] == ["looked", "looked"]:
        steps.pop()  # one turn in which nothing happens is enough
    assert {"state-written", "version-renamed", "link-made", "switched", "applied", "renamed-to-trash"} <= set(steps)

    for number, name in enumerate(steps, start=1):
        into = tmp_path / f"killed-{number}" / "models"
        assert main(words("once", registry, f"@{old}", into)) == 0
        arguments = words("watch", registry, pinned, into, *more)
        with running(into.parent, arguments, kill_at=number) as agent:
            assert agent.wait() == -9, (number, name)
        assert tree_of(into / "current") in (whole[old], whole[new]), f"torn after {name}"

        with running(into.parent, arguments) as agent:
            wait_for(lambda: serving(agent, new), f"{name}: the new version")  # called in this turn only
            assert tree_of(into / "current") == whole[new], name
            wait_for(partial(is_tidy, into), f"{name}: nothing left")  # the first look tidies, after serving
            agent.terminate()


def test_reader_sees_only_whole_versions_over_200_updates(tmp_path: Path, registry: FakeRegistry) -> None:
    """F10: a server that resolves the link once reads one version, while the tag is moved again and again."""
    versions = [push_version(registry, number, 20_000) for number in (1, 2)]
    whole: set[str] = set()
    for digest in versions:
        assert main(words("once", registry, f"@{digest}", tmp_path / digest[-8:])) == 0
        whole.add(fingerprint(tmp_path / digest[-8:] / "current"))
    tag(registry, versions[0])
    seen: list[str] = []
    into = tmp_path / "models"

    with Watching(into, f"{registry.host}/ns/kit:prod", StandInRuntime(), "--interval-seconds", "0.001") as watching:
        watching.until_served(versions[0].replace(":", "-"))
        end = time.monotonic() + 120
        while watching.value("attempts_total", result="ok") < 201 or len(seen) <= 200:
            assert time.monotonic() < end, f"{len(seen)} reads, {watching.value('attempts_total', result='ok')} updates"
            if watching.digest("desired_info") == watching.digest("served_info") == watching.current():
                tag(registry, versions[watching.current() == versions[0].replace(":", "-")])
            seen.append(fingerprint(into / "current"))

    assert set(seen) == whole


def test_sigterm_while_idle_and_while_loading(tmp_path: Path, registry: FakeRegistry) -> None:
    small = push(registry, "small", "prod").replace("sha256-", "sha256:")
    with running(tmp_path, words("watch", registry, ":prod", tmp_path / "idle")) as agent:
        wait_for(lambda: serving(agent, small))
        assert agent.terminate() < QUICK_SECONDS

    registry.faults.delay_seconds = 0.2
    push_artifact(registry, "ns/kit", [("x/y", noise(10_000_000), {"org.opencontainers.image.title": "w"})], "prod")
    with running(tmp_path, words("watch", registry, ":prod", tmp_path / "busy")) as agent:
        wait_for(lambda: bool(agent.lines("missing")))
        assert agent.terminate() < QUICK_SECONDS
    assert not (tmp_path / "busy/current").exists()


def test_restart_without_a_registry_is_ready_at_once(tmp_path: Path, registry: FakeRegistry) -> None:
    """F1."""
    digest = push_version(registry, 1, 10_000)
    tag(registry, digest)
    arguments = words("watch", registry, f":prod@{digest}", tmp_path / "models")
    with running(tmp_path, arguments) as agent:
        wait_for(lambda: serving(agent, digest))
        agent.terminate()
    registry.stop()
    started = time.monotonic()

    with running(tmp_path, arguments) as agent:
        wait_for(lambda: serving(agent, digest))

        assert time.monotonic() - started < QUICK_SECONDS
        assert [line["result"] for line in agent.lines("ready")] == ["unchanged"]


def test_registry_that_comes_back_within_the_deadline(tmp_path: Path, registry: FakeRegistry) -> None:
    """F2, for the Job that loads ahead: an hour's outage is not its failure."""
    digest = push_version(registry, 1, 10_000)
    registry.stop()

    with running(tmp_path, words("preload", registry, f"@{digest}", tmp_path / "models")) as agent:
        wait_for(lambda: any(line["what"] == "preload" for line in agent.lines("retry")))
        assert not (tmp_path / "models/current").exists()
        registry.start()

        assert agent.wait() == 0
    assert (tmp_path / "models/current/w/a").read_bytes() == noise(10_000, 1)


def test_holder_that_is_killed_where_locks_lie(tmp_path: Path, registry: FakeRegistry) -> None:
    """F9: the second loader waits while the first lives, and takes over within the lease once it is killed."""
    lease_seconds = 3.0
    digest = push_version(registry, 3, 2_000_000)
    registry.faults.delay_seconds = 0.2  # the large layer takes 6 s
    arguments = words("preload", registry, f"@{digest}", tmp_path / "models")
    with running(tmp_path / "one", arguments, lease_seconds=lease_seconds) as first:
        wait_for(lambda: whole_layers(tmp_path / "models") >= 2)
        with running(tmp_path / "two", arguments, lease_seconds=lease_seconds) as second:
            wait_for(lambda: bool(second.lines("waiting")))
            time.sleep(lease_seconds / 2)
            assert not second.lines("plan"), "the heart of the first one beats"
            first.process.kill()
            killed = time.monotonic()
            wait_for(lambda: bool(second.lines("plan")))

            assert time.monotonic() - killed < lease_seconds + QUICK_SECONDS
            registry.faults.delay_seconds = 0
            assert second.wait() == 0
    assert (tmp_path / "models/current/w/a").read_bytes() == noise(2_000_000, 3)


def test_two_loaders_where_locks_lie(tmp_path: Path, registry: FakeRegistry) -> None:
    digest = push_version(registry, 3)
    registry.faults.delay_seconds = 0.2
    registry.requests.clear()
    arguments = words("preload", registry, f"@{digest}", tmp_path / "models")

    with (
        running(tmp_path / "one", arguments, lease_seconds=20) as first,
        running(tmp_path / "two", arguments, lease_seconds=20) as second,
    ):
        assert [first.wait(), second.wait()] == [0, 0]

    blobs = [path for _, path, _, _ in registry.requests if "/blobs/" in path]
    assert len(blobs) == len(set(blobs)) == 3, "no layer is moved twice"


def test_pinned_reference_without_a_name_is_served_for_ever(tmp_path: Path, registry: FakeRegistry) -> None:
    digest = push_version(registry, 1, 10_000)
    with running(tmp_path, words("watch", registry, f"@{digest}", tmp_path / "models")) as agent:
        wait_for(lambda: serving(agent, digest))
        assert "names no tag" in str(agent.lines("nothing-to-follow")[0]["why"])
