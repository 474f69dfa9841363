"""One look at a name that moves, one switch; two at once take turns."""

from pathlib import Path

import pytest

from components.loaders.agent import deadline
from components.loaders.agent.cli import main
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.logs import Log
from components.loaders.agent.store import Store
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.processes import running, wait_for
from tests.components.loaders.agent.test_watch_processes import words
from tests.components.loaders.agent.watching import push


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "BASE_SECONDS", 0.001)


def current(into: Path) -> str:
    return (into / "current").readlink().name


def test_follows_the_tag_and_moves_only_what_is_new(tmp_path: Path, registry: FakeRegistry) -> None:
    arguments = words("sync", registry, ":prod", tmp_path)
    first = push(registry, "one", "prod")
    assert main(arguments) == 0
    assert current(tmp_path) == first
    registry.sent_manifests = registry.sent_bytes = 0
    assert main(arguments) == 0
    assert (registry.sent_manifests, registry.sent_bytes) == (0, 0)

    second = push(registry, "two", "prod")
    assert main(arguments) == 0
    assert current(tmp_path) == second
    push(registry, "one", "prod")
    assert main(arguments) == 0
    assert current(tmp_path) == first


def test_pinned_reference_is_loaded_as_by_once(tmp_path: Path, registry: FakeRegistry) -> None:
    first, _second = push(registry, "one"), push(registry, "two", "prod")
    pinned = f":prod@{first.replace('-', ':')}"

    assert main(words("sync", registry, pinned, tmp_path)) == 0

    assert current(tmp_path) == first


@pytest.mark.parametrize(("what", "code"), [("tag", 9), ("registry", 3)])
def test_failed_look_leaves_everything_as_it_was(tmp_path: Path, registry: FakeRegistry, what: str, code: int) -> None:
    first = push(registry, "one", "prod")
    assert main(words("sync", registry, ":prod", tmp_path)) == 0
    if what == "tag":
        del registry.manifests["ns/kit", "prod"]
    else:
        registry.stop()

    assert main(words("sync", registry, ":prod", tmp_path)) == code

    assert current(tmp_path) == first
    assert (tmp_path / "current/file").read_text() == "one"


def test_look_waits_for_another_one(tmp_path: Path, registry: FakeRegistry) -> None:
    """An older look must not switch after a newer one."""
    push(registry, "one", "prod")
    store = Store(tmp_path / "m", "current", Deadline(30), Log())
    store.prepare()
    with store.lock("sync-current"), running(tmp_path, words("sync", registry, ":prod", tmp_path / "m")) as agent:
        wait_for(lambda: bool(agent.lines("waiting")))
        assert registry.requests == []
        latest = push(registry, "two", "prod")
    with running(tmp_path, words("sync", registry, ":prod", tmp_path / "m")) as agent:
        assert agent.wait() == 0
    assert current(tmp_path / "m") == latest


@pytest.mark.parametrize("command", ["once", "preload"])
def test_a_name_that_moves_is_refused_elsewhere(
    tmp_path: Path, registry: FakeRegistry, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main(words(command, registry, ":prod", tmp_path)) == 2
    assert "pin the digest" in capsys.readouterr().err
