"""A runtime that refuses, is away, or comes late: the old version is served on, and nothing storms."""

from pathlib import Path

import pytest

from components.loaders.agent import setback
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.processes import wait_for
from tests.components.loaders.agent.watching import StandInRuntime, Watching, named, push, shorten_pauses


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_pauses(monkeypatch)


@pytest.fixture
def runtime() -> StandInRuntime:
    return StandInRuntime()


def test_refused_version_goes_and_does_not_come_back_in_a_storm(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime
) -> None:
    good = push(registry, "good", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(good)
        bad = push(registry, "bad", "prod")
        runtime.refuses = {bad}
        wait_for(lambda: (bad, good) in runtime.told)
        watching.more_looks()

        assert runtime.told == [(good, ""), (bad, good), (good, "")]
        assert watching.current() == good
        assert (watching.digest("desired_info"), watching.digest("served_info")) == (bad, good)
        assert watching.value("attempts_total", result="digest") == 1

        better = push(registry, "better", "prod")
        watching.until_served(better)
        assert runtime.told[3:] == [(better, good)]


def test_refused_version_is_tried_again_after_a_pause(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setback, "PAUSES_SECONDS", (0.3, 0.3))
    good = push(registry, "good", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(good)
        late = push(registry, "late", "prod")
        runtime.refuses = {late}
        wait_for(lambda: runtime.told.count((late, good)) == 2)
        runtime.refuses = set()

        watching.until_served(late)


def test_runtime_that_goes_away_gets_the_old_version_back(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setback, "PAUSES_SECONDS", (0.2, 0.2))
    good = push(registry, "good", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        watching.until_served(good)
        runtime.away = True
        fresh = push(registry, "fresh", "prod")
        wait_for(lambda: (fresh, good) in runtime.told)
        watching.more_looks()

        assert watching.current() == good
        assert runtime.told.count((fresh, good)) == 1, "first the old one must be proven again"
        assert (watching.digest("desired_info"), watching.digest("served_info")) == (fresh, good)
        assert watching.value("attempts_total", result="network") >= 1

        runtime.away = False
        watching.until_served(fresh)


def test_server_that_starts_after_its_loader(tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime) -> None:
    """The server starts once the loader is ready, so nobody is there to be told at first."""
    runtime.away = True
    only = push(registry, "one", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        wait_for(lambda: not watching.watch.problem())
        wait_for(lambda: len(runtime.told) >= 3)
        watching.more_looks()
        assert watching.digest("served_info") == ""
        assert watching.value("attempts_total", result="network") == 0

        runtime.away = False
        watching.until_served(only)


def test_new_version_may_help_a_server_that_never_came_up(
    tmp_path: Path, registry: FakeRegistry, runtime: StandInRuntime
) -> None:
    runtime.away = True
    push(registry, "crashes the server", "prod")
    with Watching(tmp_path, named(registry), runtime) as watching:
        wait_for(lambda: len(runtime.told) >= 2)
        mended = push(registry, "mended", "prod")
        wait_for(lambda: watching.current() == mended)
        runtime.away = False
        watching.until_served(mended)
