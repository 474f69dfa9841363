"""A hot update seen from inside: which version first, when the link moves and moves back, what the metrics say."""

from pathlib import Path

import pytest

from components.loaders.agent import firstload
from components.loaders.agent.errors import NetworkError, NotFoundError, StoppedError
from components.loaders.agent.staging import Staging
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import noise, push_artifact
from tests.components.loaders.agent.processes import wait_for
from tests.components.loaders.agent.watching import TITLE, StandInRuntime, Watching, named, push, shorten_pauses


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_pauses(monkeypatch)


@pytest.fixture
def runtime() -> StandInRuntime:
    return StandInRuntime()


def test_first_the_pinned_version_then_what_the_tag_names(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime
) -> None:
    first, second = push(registry, "one"), push(registry, "two", "prod")

    with Watching(tmp_path, named(registry, first), runtime) as watching:
        watching.until_served(second)
        watching.more_looks()

        assert runtime.prepared == [first], "only what a server may start on"
        assert runtime.told == [(first, ""), (second, first)]
        assert (tmp_path / "current/file").read_text() == "two"
        assert watching.value("attempts_total", result="ok") == 2
        assert watching.value("attempts_total", result="unchanged") >= 3, "the update may count among the four"
        assert watching.digest("desired_info") == second
    assert isinstance(watching.error, StoppedError)


def test_unchanged_looks_move_nothing(tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime) -> None:
    only = push(registry, "one", "prod")

    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(only)
        registry.sent_manifests = registry.sent_bytes = 0
        watching.more_looks()

        assert (registry.sent_manifests, registry.sent_bytes) == (0, 0)
        assert runtime.told == [(only, "")]


def test_restarted_container_goes_on_with_what_is_served(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime
) -> None:
    first, second = push(registry, "one"), push(registry, "two", "prod")
    with Watching(tmp_path, named(registry, first), runtime) as watching:
        watching.until_served(second)
    registry.stop()  # F1: nothing of this needs the registry

    with Watching(tmp_path, named(registry, first), runtime) as watching:
        watching.until_served(second)

        assert runtime.told[2:] == [(second, "")], "told again, nothing else"


def test_update_that_was_killed_is_continued_after_the_restart(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime
) -> None:
    """The first load of the next life is of the old version, which needs nothing: it may not remove the beginnings."""
    old = push(registry, "old", "prod")
    large = noise(1_000_000, 7)
    with Watching(tmp_path, named(registry, old), runtime) as life:
        life.until_served(old)
        registry.faults.cut_at[digest_of(large)] = [300_000, *[0] * 1000]
        new = push_artifact(registry, "ns/kit", [("x/y", large, {TITLE: "file"})], "prod").replace(":", "-")
        half = ".store/*.tmp-*/tree/file"
        wait_for(lambda: [path.stat().st_size for path in tmp_path.glob(half)] == [300_000], "the first bytes")
    registry.faults.cut_at.clear()

    with Watching(tmp_path, named(registry, old), runtime) as life:
        life.until_served(new)
        assert [line["at_bytes"] for line in life.lines if line["event"] == "continued"] == [300_000]
    assert not list(tmp_path.glob(".store/*.tmp-*"))


def test_beginnings_of_an_update_nobody_wants_any_more_go(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime
) -> None:
    old = push(registry, "old", "prod")
    with Watching(tmp_path, named(registry, old), runtime) as life:
        life.until_served(old)
    left = Staging(tmp_path / ".store", f"sha256-{'1' * 64}")
    left.open()
    left.close()

    with Watching(tmp_path, named(registry, old), runtime) as life:
        life.until_served(old)
        wait_for(lambda: not left.path.exists(), "the leftovers")


def test_new_pod_starts_with_exactly_the_pinned_version(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = push(registry, "one"), push(registry, "two", "prod")
    with Watching(tmp_path, named(registry, first), runtime) as watching:
        watching.until_served(second)
    registry.stop()
    monkeypatch.setattr(firstload, "instance", lambda: "another pod")

    with Watching(tmp_path, named(registry, first), runtime) as watching:
        watching.until_served(first)

        assert watching.current() == first


def test_without_a_pin_a_new_pod_starts_with_what_is_there(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = push(registry, "one", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(only)
    registry.stop()
    monkeypatch.setattr(firstload, "instance", lambda: "another pod")

    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(only)


def test_registry_that_is_down_during_an_update(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime
) -> None:
    """F3: the old version is served on, failures are counted, the update comes when the registry does."""
    good = push(registry, "good", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(good)
        registry.stop()
        wait_for(lambda: watching.value("attempts_total", result="network") >= 3)
        assert watching.current() == watching.digest("served_info") == good

        fresh = push(registry, "fresh", "prod")
        registry.start()
        watching.until_served(fresh)


def test_deleted_and_rolled_back_tags(tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime) -> None:
    """F8: a deleted tag changes nothing but the count of failures; a rollback moves no byte."""
    first = push(registry, "one", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(first)
        second = push(registry, "two", "prod")
        watching.until_served(second)
        del registry.manifests["ns/kit", "prod"]
        wait_for(lambda: watching.value("attempts_total", result="network") >= 2)
        assert watching.current() == second

        registry.sent_bytes = 0
        push(registry, "one", "prod")
        watching.until_served(first)
        assert registry.sent_bytes == 0
        assert runtime.told == [(first, ""), (second, first), (first, second)]


def test_damaged_version_is_not_fetched_at_every_look(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime
) -> None:
    good = push(registry, "good", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(good)
        registry.faults.corrupt[digest_of(b"damaged")] = 100
        push(registry, "damaged", "prod")
        wait_for(lambda: watching.value("attempts_total", result="digest") == 1)
        fetched = len(registry.requests)
        watching.more_looks()

        assert not [path for _, path, *_ in registry.requests[fetched:] if "/blobs/" in path]
        assert watching.current() == good
        assert runtime.told == [(good, "")]


def test_killed_between_switch_and_proof(tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime) -> None:
    """The next life knows what to go back to."""
    good = push(registry, "good", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(good)
        runtime.stuck = True
        bad = push(registry, "bad", "prod")
        wait_for(lambda: (bad, good) in runtime.told)
    assert watching.current() == bad
    runtime.stuck, runtime.refuses = False, {bad}

    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(good)

        assert watching.current() == good
        assert runtime.told[2:4] == [(bad, good), (good, "")]


def test_fault_of_an_adapter_ends_nothing(tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime) -> None:
    runtime.broken = True
    only = push(registry, "one", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        wait_for(lambda: watching.value("attempts_total", result="digest") >= 2)
        runtime.broken = False
        watching.until_served(only)


def test_old_versions_go_after_the_proof_and_after_retirement(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime
) -> None:
    first = push(registry, "one", "prod")
    with Watching(tmp_path, named(registry), runtime, "--keep-previous", "0") as watching:
        watching.until_served(first)
        runtime.keeps = {first}
        second = push(registry, "two", "prod")
        watching.until_served(second)
        watching.more_looks()
        assert (tmp_path / ".store" / first).is_dir(), "what could not be retired stays"

        runtime.keeps = set()
        wait_for(lambda: not (tmp_path / ".store" / first).exists())
        assert runtime.retired == [first]
        assert (tmp_path / ".store" / second).is_dir()


def test_first_load_waits_for_the_registry(tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime) -> None:
    """F2: not ready and nothing current while the registry is down; loaded when it is back, by nobody's hand."""
    only = push(registry, "one", "prod")
    registry.stop()
    with Watching(tmp_path, named(registry, only), runtime) as watching:
        wait_for(lambda: watching.value("attempts_total", result="network") >= 2)
        assert watching.watch.problem()
        assert not (tmp_path / "current").exists()

        registry.start()
        watching.until_served(only)


@pytest.mark.parametrize(("gone", "kind"), [("registry", NetworkError), ("tag", NotFoundError)])
def test_first_load_that_cannot_be_ends_the_process(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime, gone: str, kind: type[Exception]
) -> None:
    if gone == "registry":
        registry.stop()

    watching = Watching(tmp_path, named(registry), runtime, "--deadline-seconds", "2")
    watching.join()

    assert isinstance(watching.error, kind)
    assert runtime.told == []
