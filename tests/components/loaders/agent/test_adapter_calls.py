"""Runtimes that are told where a version is: vLLM, Docker Model Runner, hooks and signals."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.loaders.agent.adapter import Version
from components.loaders.agent.confirmation import Confirmation, filled, filled_json, names
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import NetworkError, RuntimeRefusedError
from components.loaders.agent.hook import HookAdapter
from components.loaders.agent.logs import Log
from components.loaders.agent.runtimecall import RuntimeClient
from components.loaders.agent.signaller import SignalAdapter, topmost
from components.loaders.agent.vllmlora import VllmLoraAdapter
from tests.components.loaders.agent.standin_llm import HookStandIn, ModelRunnerStandIn, VllmStandIn
from tests.components.loaders.agent.world import REFERENCE, World, Worlds


def vllm(world: World) -> VllmStandIn:
    assert isinstance(world.stand_in, VllmStandIn)
    return world.stand_in


def runner(world: World) -> ModelRunnerStandIn:
    assert isinstance(world.stand_in, ModelRunnerStandIn)
    return world.stand_in


def hook(world: World) -> HookStandIn:
    assert isinstance(world.stand_in, HookStandIn)
    return world.stand_in


def test_release_without_loading_in_place_is_told_how_to_go_on(worlds: Worlds) -> None:
    world = worlds("vllm in-place")
    vllm(world).knows_in_place = False
    new = world.version("good")

    with pytest.raises(RuntimeRefusedError, match=r"already been loaded.*way of swapping"):
        world.adapter.apply(new, None, Deadline(5))

    world.check()


def test_server_that_takes_no_adapters_at_run_time(worlds: Worlds) -> None:
    world = worlds("vllm in-place")
    vllm(world).updating = False

    with pytest.raises(RuntimeRefusedError, match="VLLM_ALLOW_RUNTIME_LORA_UPDATING"):
        world.adapter.apply(world.version("good"), None, Deadline(5))

    world.check()


def test_path_is_the_servers_and_never_the_link(worlds: Worlds) -> None:
    world = worlds("vllm in-place")
    world.into.rename(world.into.with_name("elsewhere"))
    (world.into.parent / "mounted").symlink_to("elsewhere")
    into = world.into.with_name("elsewhere")
    here = Version(key=world.current.key, path=into / ".store" / world.current.key, link=into / "current")
    client = RuntimeClient(world.stand_in.url)
    root = str(world.into.parent / "mounted")

    VllmLoraAdapter(client, "m", root=f"{root}/", subpath="1", swap="in-place", log=Log(world.log)).apply(
        here, None, Deadline(5)
    )

    assert vllm(world).adapters["m"][0] == f"{root}/.store/{here.key}/1"


def test_pull_that_fails_after_its_status(worlds: Worlds) -> None:
    world = worlds("docker-model-runner")
    runner(world).broken_pulls = 1

    new = world.version("good")
    before = world.current
    world.switch(new)
    with pytest.raises(RuntimeRefusedError, match="no space left"):
        world.adapter.apply(new, before, Deadline(5))

    world.switch(before)
    world.check()
    assert world.move(new)
    world.check()


def test_name_that_moved_on_meanwhile(worlds: Worlds) -> None:
    world = worlds("docker-model-runner")
    loaded, newer, before = world.version("good"), world.version("good"), world.current
    world.switch(loaded)
    world.switch(newer)

    with pytest.raises(RuntimeRefusedError, match="the name has moved on"):
        world.adapter.apply(loaded, before, Deadline(5))

    world.check()


def test_model_stays_in_memory_and_is_known_by_what_it_is(worlds: Worlds) -> None:
    world = worlds("docker-model-runner")

    assert runner(world).forever == runner(world).memory == {world.current.key.replace("-", ":")}


def test_agent_killed_after_the_pull(worlds: Worlds) -> None:
    world = worlds("docker-model-runner")
    bad, before = world.version("bad"), world.current
    world.switch(bad)
    runner(world).tags[REFERENCE] = bad.key.replace("-", ":")  # pulled, and then the agent was gone

    with pytest.raises(RuntimeRefusedError, match="unable to load runner"):
        world.adapter.apply(bad, before, Deadline(5))

    world.check()


def test_hook_that_says_yes_and_does_nothing(worlds: Worlds) -> None:
    world = worlds("http")
    hook(world).deaf = True

    assert not world.move(world.version("good"))

    world.check()


def test_hook_that_loses_its_model_gets_the_old_one_again(worlds: Worlds) -> None:
    world = worlds("http")
    hook(world).fragile = True

    assert not world.move(world.version("bad"))

    world.check()


def test_busy_hook_is_asked_again(worlds: Worlds) -> None:
    world = worlds("http")
    hook(world).busy = 4

    assert world.move(world.version("good"))

    world.check()


def test_hook_without_proof_says_so(worlds: Worlds) -> None:
    world = worlds("http")
    client = RuntimeClient(world.stand_in.url)
    body = {"path": "{path}"}
    world.adapter = HookAdapter(client, method="PUT", body=body, status=200, confirmation=None, log=Log(world.log))

    assert world.move(world.version("good"))

    world.check()
    assert "unconfirmed" in world.events()


KEY = "sha256-" + "a" * 64


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (KEY, True),
        (f"/models/.store/{KEY}/1", True),
        (f'"{KEY}".', True),
        (f"{KEY}.{'b' * 12}", False),
        (f"{KEY}b", False),
        (f"x{KEY}", False),
        ("", False),
    ],
)
def test_a_key_is_not_found_in_a_longer_one(text: str, *, found: bool) -> None:
    assert names(text, KEY) is found


def test_empty_text_proves_nothing() -> None:
    assert not names("anything", "")


def test_templates_are_filled_once() -> None:
    version = Version(key="{path}", path=Path("/p"), link=Path("/l"))

    assert filled("{key} {path} {link} {other}", version) == "{path} /p /l {other}"
    assert filled_json({"a": ["{path}", 1, None, {"b": "{link}"}]}, version) == {"a": ["/p", 1, None, {"b": "/l"}]}


SERVER = """
import os, pathlib, signal, sys, time
link, said, pid = map(pathlib.Path, sys.argv[1:4])
def load(*_):
    target = os.readlink(link)
    if not (link / "1/model.bin").read_text().startswith("bad"):
        said.write_text(target)
signal.signal(signal.SIGHUP, load)
load()
pid.write_text(str(os.getpid()))
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[World, subprocess.Popen[bytes]]]:
    """A real process that reads the link at SIGHUP and writes what it serves to a file."""
    world = World("triton", tmp_path)
    world.current = world.version("good")
    world.switch(world.current)
    program = tmp_path / "standin-server"
    program.symlink_to(sys.executable)
    words = [str(program), "-c", SERVER, *(str(tmp_path / name) for name in ("current", "said", "pid"))]
    server = subprocess.Popen(words)
    end = time.monotonic() + 20
    while not (tmp_path / "pid").exists() and time.monotonic() < end:
        time.sleep(0.01)
    yield world, server
    server.kill()
    server.wait()


def signaller(world: World, *, by_name: bool = False, proof: bool = True) -> SignalAdapter:
    """Return the adapter for that process."""
    confirmation = Confirmation(client=None, file=world.into / "said", field="", expected="{key}", seconds=0.5)
    return SignalAdapter(
        signal.SIGHUP,
        pid_file=None if by_name else world.into / "pid",
        process="standin-server" if by_name else "",
        confirmation=confirmation if proof else None,
        log=Log(world.log),
    )


@pytest.mark.parametrize("by_name", [False, True])
def test_signalled_process_serves_the_new_version(
    process: tuple[World, subprocess.Popen[bytes]], *, by_name: bool
) -> None:
    world, server = process
    world.adapter = signaller(world, by_name=by_name)

    assert world.move(world.version("good"))
    assert world.current.key in (world.into / "said").read_text()
    assert not world.move(world.version("bad"))
    assert world.current.key in (world.into / "said").read_text()
    assert server.poll() is None
    assert world.events().count("signalled") == 2

    assert world.move(world.current)
    assert world.events().count("signalled") == 2  # it says already that it serves it


def test_signal_without_proof_says_so(process: tuple[World, subprocess.Popen[bytes]]) -> None:
    world, _ = process
    world.adapter = signaller(world, proof=False)

    assert world.move(world.version("good"))

    assert world.events()[-1] == "unconfirmed"


@pytest.mark.parametrize("text", ["", "0", "1", "-1", "nonsense", "999999999", "²"])
def test_numbers_that_are_no_process_are_never_signalled(tmp_path: Path, text: str) -> None:
    world = World("triton", tmp_path)
    version = world.version("good")
    (tmp_path / "pid").write_text(text)

    with pytest.raises(NetworkError, match="no such process"):
        signaller(world, proof=False).apply(version, None, Deadline(0.05))


def test_process_that_may_not_be_signalled(
    process: tuple[World, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = process
    adapter, version = signaller(world, proof=False), world.version("good")

    def refuse(_pid: int, _number: int) -> None:
        monkeypatch.undo()
        raise PermissionError

    monkeypatch.setattr("os.kill", refuse)
    with pytest.raises(RuntimeRefusedError, match="run both containers as one user"):
        adapter.apply(version, None, Deadline(5))


def test_of_a_server_with_workers_the_server_is_found(tmp_path: Path) -> None:
    program = tmp_path / "standin-with-workers"
    program.symlink_to(sys.executable)
    child = f"import subprocess; subprocess.run([{str(program)!r}, '-c', 'input()'])"
    server = subprocess.Popen([str(program), "-c", child], stdin=subprocess.PIPE)
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end and not Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text():
            time.sleep(0.01)

        assert topmost("standin-with-workers") == [server.pid]
        assert topmost("standin-that-is-not-there") == []
    finally:
        server.communicate(b"\n")
