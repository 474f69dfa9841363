"""What holds for every runtime: it serves a whole version, and after a refusal the one before."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import NetworkError, StoppedError
from tests.components.loaders.agent.world import KINDS, World, Worlds

STEPS = ("good", "bad", "back", "again", "restart", "new agent", "bad again")


def take(world: World, step: str) -> None:
    """Do one thing that happens to a runtime."""
    match step:
        case "good":
            assert world.move(world.version("good"))
        case "bad":
            bad = world.version("bad")
            assert not world.move(bad)
            world.drop(bad)
        case "bad again":
            bad = world.version("bad")
            assert not world.move(bad)
            world.check()
            assert not world.move(bad)
            world.drop(bad)
        case "back":
            assert world.move(world.previous or world.current)
        case "restart":
            world.stand_in.restart()
        case "new agent":
            world.new_agent()
        case _:
            assert world.move(world.current)
            loads = world.stand_in.loads
            assert world.move(world.current)
            assert world.stand_in.loads == loads


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=8))
def test_serves_the_new_version_or_the_old_one(kind: str, steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        world = World(kind, Path(directory))
        world.begin()
        try:
            for step in steps:
                take(world, step)
                world.check()
        finally:
            world.stand_in.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_every_step_twice(kind: str, worlds: Worlds) -> None:
    world = worlds(kind)

    for step in [*STEPS, *reversed(STEPS)]:
        take(world, step)
        world.check()


@pytest.mark.parametrize("kind", KINDS)
def test_waits_for_a_runtime_that_starts(kind: str, worlds: Worlds) -> None:
    world = worlds(kind)
    new = world.version("good")
    world.stand_in.stop()
    pauses = 0

    def sleep(deadline: Deadline, seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 3:
            world.stand_in.start()
        original(deadline, seconds)

    original = Deadline.sleep
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Deadline, "sleep", sleep)
        assert world.move(new)

    world.check()
    assert "waiting-for-runtime" in world.events()


@pytest.mark.parametrize("kind", KINDS)
def test_runtime_that_never_comes(kind: str, worlds: Worlds) -> None:
    world = worlds(kind)
    new = world.version("good")
    world.stand_in.stop()
    world.switch(new)

    with pytest.raises(NetworkError, match="not reached until the deadline"):
        world.adapter.apply(new, world.current, Deadline(0.1))

    world.stand_in.start()
    assert world.move(new)
    world.check()


@pytest.mark.parametrize("kind", KINDS)
def test_request_to_stop_ends_the_wait(kind: str, worlds: Worlds) -> None:
    world = worlds(kind)
    world.stand_in.stop()
    deadline = Deadline(20)
    deadline.stop("SIGTERM")

    with pytest.raises(StoppedError):
        world.adapter.apply(world.version("good"), world.current, deadline)
