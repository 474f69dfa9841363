"""Runtimes that read the volume: Triton and TensorFlow Serving, each with what can go wrong there."""

import os
import time
from pathlib import Path

import pytest

from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import DeadlineError, NetworkError, RuntimeRefusedError, UsageError
from components.loaders.agent.logs import Log
from components.loaders.agent.runtimecall import RuntimeClient
from components.loaders.agent.tfserving import TfServingAdapter
from components.loaders.agent.triton import TritonAdapter
from tests.components.loaders.agent.standin_tfserving import TfServingStandIn
from tests.components.loaders.agent.standin_triton import TritonStandIn
from tests.components.loaders.agent.world import World, Worlds


def triton(world: World) -> TritonStandIn:
    """Return the stand-in with its own attributes."""
    assert isinstance(world.stand_in, TritonStandIn)
    return world.stand_in


def tf_serving(world: World) -> TfServingStandIn:
    """Return the stand-in with its own attributes."""
    assert isinstance(world.stand_in, TfServingStandIn)
    return world.stand_in


def loads(world: World) -> int:
    """Return how many load requests came."""
    return len([one for one in world.stand_in.requests if one.path.endswith("/load")])


@pytest.mark.parametrize("sees_changes", [True, False], ids=["mtime and ctime", "mtime only"])
def test_older_version_is_loaded_though_its_files_are_older(worlds: Worlds, *, sees_changes: bool) -> None:
    world = worlds("triton")
    triton(world).sees_changes = sees_changes
    first = world.current
    world.stand_in.restart()
    assert world.move(world.version("good"))

    assert world.move(first)

    world.check()


def test_clock_that_went_back_does_not_hide_a_version(worlds: Worlds) -> None:
    world = worlds("triton")
    triton(world).sees_changes = False
    future = time.time_ns() + 3_600_000_000_000
    os.utime((world.into / "repository/m").resolve() / "1", ns=(future, future))
    world.stand_in.restart()

    assert world.move(world.version("good"))

    world.check()


def test_repository_is_not_switched_while_the_model_loads(worlds: Worlds) -> None:
    world = worlds("triton")
    before = (world.into / "repository/m").readlink()
    new = world.version("good")
    triton(world).states = ["LOADING"] * 1000
    world.switch(new)

    with pytest.raises(DeadlineError, match="the model is LOADING"):
        world.adapter.apply(new, world.current, Deadline(1))

    assert (world.into / "repository/m").readlink() == before
    triton(world).states = ["UNLOADING", "LOADING"]
    assert world.move(new)
    world.check()


def test_server_that_goes_away_once_is_asked_again(worlds: Worlds) -> None:
    world = worlds("triton")
    triton(world).dies = 1
    original = Deadline.sleep

    def sleep(deadline: Deadline, seconds: float) -> None:
        if not triton(world).dies and not triton(world).port_is_open:
            world.stand_in.start()
            world.check()  # started with the old one
        original(deadline, seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Deadline, "sleep", sleep)
        assert world.move(world.version("good"))

    world.check()
    assert "runtime-went-away" in world.events()


def test_server_that_a_version_kills_gets_the_old_one_back(worlds: Worlds) -> None:
    world = worlds("triton")
    triton(world).dies = 2
    new = world.version("good")
    original = Deadline.sleep

    def sleep(deadline: Deadline, seconds: float) -> None:
        if not triton(world).port_is_open:
            world.stand_in.start()
        original(deadline, seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Deadline, "sleep", sleep)
        assert not world.move(new)

    world.stand_in.start()
    world.check()


def test_answer_that_was_lost_is_asked_for_again(worlds: Worlds) -> None:
    world = worlds("triton")
    triton(world).cuts = 1

    assert world.move(world.version("good"))

    world.check()
    assert loads(world) == 3  # at the start, cut off, again


@pytest.mark.parametrize("kind", ["triton", "tf-serving"])
def test_agent_killed_between_layout_and_proof(worlds: Worlds, kind: str) -> None:
    world = worlds(kind)
    bad = world.version("bad")
    world.adapter.prepare(bad)
    world.new_agent()

    assert not world.move(bad)
    world.check()
    world.stand_in.restart()

    world.check()


def test_restricted_api(worlds: Worlds, tmp_path: Path) -> None:
    world = worlds("triton")
    triton(world).restricted = "canary-8731"
    header = tmp_path / "header"
    header.write_text("X-Key: canary-8731\n")
    client = RuntimeClient(world.stand_in.url, header)
    with pytest.raises(RuntimeRefusedError, match="--adapter-header-file"):
        world.adapter.apply(world.current, None, Deadline(20))
    world.adapter = TritonAdapter(client, "m", "repository", "", Log(world.log))

    assert world.move(world.version("good"))
    assert not world.move(world.version("bad"))

    assert "canary" not in world.log.getvalue()


@pytest.mark.parametrize("text", ["canary-8731\n", ": canary-8731", "X-Key: canary-8731\nnonsense"])
def test_header_file_that_cannot_be_right_is_not_quoted(worlds: Worlds, tmp_path: Path, text: str) -> None:
    world = worlds("triton")
    header = tmp_path / "header"
    header.write_text(text)

    with pytest.raises(UsageError) as caught:
        RuntimeClient(world.stand_in.url, header).get("/", Deadline(5))

    assert "canary" not in str(caught.value)


def test_directory_that_is_not_the_loaders_is_left_alone(worlds: Worlds) -> None:
    world = worlds("triton")
    link = world.into / "repository/m"
    link.unlink()
    link.mkdir()
    (link / "mine").write_text("x")

    with pytest.raises(UsageError, match="not the loader's link"):
        world.adapter.prepare(world.version("good"))

    assert (link / "mine").read_text() == "x"


def test_repository_shows_the_model_only(worlds: Worlds) -> None:
    world = worlds("triton")
    for _ in range(3):
        assert world.move(world.version("good"))
    assert not world.move(world.version("bad"))

    assert [path.name for path in (world.into / "repository").iterdir()] == ["m"]
    entries = [path.name.partition(".")[0] for path in (world.into / ".served/triton-repository-m").iterdir()]
    assert world.previous is not None
    assert set(entries) >= {world.current.key}


def test_volume_mounted_elsewhere_is_readable(worlds: Worlds, tmp_path: Path) -> None:
    for number, kind in enumerate(["triton", "tf-serving"]):
        world = worlds(kind)
        moved = tmp_path / f"moved-{number}"
        world.into.rename(moved)
        where = moved / ("repository/m" if kind == "triton" else "served/m/1")
        assert (where / "1/model.bin").read_text() == "good1 1/model.bin"


def test_part_of_a_version_can_be_the_model(worlds: Worlds) -> None:
    world = worlds("triton")
    client = RuntimeClient(world.stand_in.url)
    TritonAdapter(client, "other", "repository", "1", Log(world.log)).prepare(world.current)
    TfServingAdapter(client, "other", "base", "1", Log(world.log)).prepare(world.current)

    for where in ("repository/other", "base/1"):
        assert sorted(path.name for path in (world.into / where).iterdir()) == ["model.bin", "more"]


def numbers(world: World) -> list[int]:
    """Return the version numbers that the server sees."""
    return sorted(int(path.name) for path in (world.into / "served/m").iterdir())


def test_numbers_are_never_used_twice(worlds: Worlds) -> None:
    world = worlds("tf-serving")
    assert numbers(world) == [1]

    assert not world.move(world.version("bad"))
    assert numbers(world) == [1]
    world.new_agent()
    assert world.move(world.version("good"))
    assert numbers(world) == [1, 3]

    assert world.move(world.version("good"))
    assert numbers(world) == [3, 4]  # the first one was retired


def test_numbers_that_were_there_before_are_counted(worlds: Worlds) -> None:
    world = worlds("tf-serving")
    (world.into / "served/m/41").mkdir()
    (world.into / "served/m/41/model").write_text("good41")

    assert world.move(world.version("good"))

    assert numbers(world) == [1, 41, 42]
    world.check()


def test_slow_load_is_waited_for(worlds: Worlds) -> None:
    world = worlds("tf-serving")
    tf_serving(world).slow = 5

    assert world.move(world.version("good"))

    world.check()


def test_load_that_takes_too_long_is_taken_back(worlds: Worlds) -> None:
    world = worlds("tf-serving")
    tf_serving(world).slow = 10_000
    new = world.version("good")

    with pytest.raises(DeadlineError, match="LOADING"):
        world.adapter.apply(new, world.current, Deadline(1))

    assert numbers(world) == [1]
    tf_serving(world).slow = 0
    world.stand_in.restart()
    world.check()


def test_first_version_stays_though_the_server_does_not_come(worlds: Worlds) -> None:
    world = worlds("tf-serving")
    world.stand_in.stop()

    with pytest.raises(NetworkError):
        world.adapter.apply(world.current, None, Deadline(0.05))

    assert numbers(world) == [1]


def test_memory_that_cannot_be_read_is_not_guessed(worlds: Worlds) -> None:
    world = worlds("tf-serving")
    (world.into / ".served/tf-serving-served-m/numbers.json").write_text("{")

    with pytest.raises(UsageError, match="highest number"):
        world.adapter.prepare(world.version("good"))
