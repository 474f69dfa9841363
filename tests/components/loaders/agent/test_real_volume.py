"""Volumes that are full, read-only or another's, as a process of its own meets them: the cause, soon, and once."""

import gzip
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.components.loaders.agent.agent_process import Ended, interpreter_for, once, run_agent
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import noise, push_artifact, small_kit, tar_of, tree_of
from tests.components.loaders.agent.real_registry import RealRegistry

NOBODY = 65534
MIB = 1024 * 1024


def push(registry: RealRegistry, made: FakeRegistry, digest: str) -> str:
    """Push what was made and return its digest."""
    registry.push(made)
    return digest


def is_said_once_and_soon(run: Ended) -> bool:
    """Return whether a failure is the disk's, came without a storm of attempts, and in time."""
    events = [line["event"] for line in run.lines]
    return run.code == 6 and run.seconds < 10 and "retry" not in events and events[-1] == "failed"


def test_volume_that_fills_up_while_unpacking_keeps_the_old_model(
    small_volume: Callable[[int], Path], real_registry: RealRegistry
) -> None:
    into = small_volume(80 * MIB)
    made = FakeRegistry()
    old = push(real_registry, made, small_kit(made))
    assert run_agent(*once(real_registry.host, old, into)).code == 0
    before = tree_of(into / "current")
    # Packed it passes the check of space and unpacked it is no bomb; only the volume is too small for it.
    packed = gzip.compress(tar_of({"w.bin": noise(MIB) + bytes(90 * MIB)}), compresslevel=6)
    made = FakeRegistry()
    digest = push_artifact(made, "ns/kit", [("application/vnd.oci.image.layer.v1.tar+gzip", packed, {})])
    real_registry.push(made)

    run = run_agent(*once(real_registry.host, digest, into, source="oci"))

    assert is_said_once_and_soon(run), run.text
    assert "full" in run.why
    assert tree_of(into / "current") == before
    assert not list((into / ".store").glob("*.tmp-*"))
    assert not list((into / ".store").glob(".trash-*"))


def test_volume_that_is_read_only(
    small_volume: Callable[[int], Path], remount_read_only: Callable[[Path], None], real_registry: RealRegistry
) -> None:
    into = small_volume(4 * MIB)
    remount_read_only(into)
    made = FakeRegistry()

    run = run_agent(*once(real_registry.host, push(real_registry, made, small_kit(made)), into))

    assert is_said_once_and_soon(run), run.text
    assert "read-only" in run.why


AsNobody = Callable[..., Ended]


@pytest.fixture
def as_nobody() -> AsNobody:
    """Run the agent as another user."""
    if os.geteuid() != 0:
        pytest.skip("running the agent as another user needs root")
    interpreter = interpreter_for(NOBODY)
    if not interpreter:
        pytest.skip("no Python 3.11 here may be started by another user")
    return lambda *words: run_agent(*words, user=NOBODY, interpreter=interpreter)


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that any user may enter; pytest's own are for one user only."""
    made = Path(tempfile.mkdtemp(prefix="slipway-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_volume_of_another_user(open_directory: Path, as_nobody: AsNobody, real_registry: RealRegistry) -> None:
    into = open_directory / "models"
    into.mkdir(mode=0o755)
    made = FakeRegistry()
    digest = push(real_registry, made, small_kit(made))

    run = as_nobody(*once(real_registry.host, digest, into))

    assert is_said_once_and_soon(run), run.text
    assert "fsGroup" in run.why
    assert list(into.iterdir()) == []


def test_store_that_another_user_began(open_directory: Path, as_nobody: AsNobody, real_registry: RealRegistry) -> None:
    """The new version is refused, the old one is served, and what is there is ready for this user, too."""
    into = open_directory / "models"
    made = FakeRegistry()
    old, new = small_kit(made, weights=noise(1000, 1)), small_kit(made, weights=noise(1000, 2))
    real_registry.push(made)
    assert run_agent(*once(real_registry.host, old, into)).code == 0
    before = tree_of(into / "current")

    run = as_nobody(*once(real_registry.host, new, into))

    assert is_said_once_and_soon(run), run.text
    assert "fsGroup" in run.why
    assert tree_of(into / "current") == before
    assert as_nobody(*once(real_registry.host, old, into)).code == 0
