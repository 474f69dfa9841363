"""A tag of a real registry that moves, goes back and goes away, as ``sync`` and ``watch`` follow it."""

import signal
import time
from pathlib import Path

from tests.components.loaders.agent.agent_process import finish, start_agent
from tests.components.loaders.agent.conftest import Pull, StartRegistry
from tests.components.loaders.agent.kits import noise, tree_of
from tests.components.loaders.agent.processes import wait_for
from tests.components.loaders.agent.test_real_faults import push_small


def following(command: str, host: str, into: Path, *more: str) -> list[str]:
    """Return the words of a command that follows the tag ``stable``."""
    fixed = ["--source", "modelkit", "--reference", f"{host}/ns/kit:stable", "--into", str(into), "--plain-http"]
    return [command, *fixed, *more]


def weights(into: Path) -> bytes:
    """Return what is served."""
    return (into / "current/model/weights.bin").read_bytes()


def test_sync_brings_each_move_once_and_outlives_the_tag(
    tmp_path: Path, start_registry: StartRegistry, pull: Pull
) -> None:
    registry = start_registry()
    words = following("sync", registry.host, tmp_path)

    def look() -> tuple[int, object, object]:
        run = pull(*words)
        assert run.code == 0, run.text
        return run.code, run.last("done")["result"], run.last("done")["moved_bytes"] != 0

    push_small(registry, 1, "stable")
    assert look() == (0, "ok", True)
    assert look() == (0, "unchanged", False)
    push_small(registry, 2, "stable")
    assert look() == (0, "ok", True)  # exactly one update
    assert look() == (0, "unchanged", False)
    assert weights(tmp_path) == noise(100_000, 2)
    push_small(registry, 1, "stable")  # rolled back: the version is still there
    assert look() == (0, "unchanged", False)
    assert weights(tmp_path) == noise(100_000, 1)
    before = tree_of(tmp_path / "current")
    registry.delete_manifest("ns/kit", "stable")

    gone = pull(*words)

    assert gone.code == 9
    assert tree_of(tmp_path / "current") == before


def test_watch_serves_the_old_version_while_the_registry_is_away(tmp_path: Path, start_registry: StartRegistry) -> None:
    registry = start_registry()
    push_small(registry, 1, "stable")
    started = time.monotonic()
    process = start_agent(*following("watch", registry.host, tmp_path, "--interval-seconds", "0.2"))
    wait_for((tmp_path / "current").exists, "the first load")
    registry.stop()
    time.sleep(1)  # some looks meet no registry
    assert process.poll() is None
    assert weights(tmp_path) == noise(100_000, 1)

    registry.start()
    push_small(registry, 2, "stable")

    wait_for(lambda: weights(tmp_path) == noise(100_000, 2), "the move of the tag")
    process.send_signal(signal.SIGTERM)
    run = finish(process, started)
    assert run.code in {0, 143}, run.text
    assert weights(tmp_path) == noise(100_000, 2)
