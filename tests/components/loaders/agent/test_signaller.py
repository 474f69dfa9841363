"""Runtimes that are signalled: real processes, which read a link when they get the signal."""

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.loaders.agent.confirmation import Confirmation
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import NetworkError, RuntimeRefusedError
from components.loaders.agent.logs import Log
from components.loaders.agent.signaller import SignalAdapter, topmost
from tests.components.loaders.agent.world import World

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
    program = tmp_path / f"standin-{uuid.uuid4().hex}"  # other tests run beside this one
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
        process=next(world.into.glob("standin-*")).name if by_name else "",
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
    program = tmp_path / f"standin-{uuid.uuid4().hex}"
    program.symlink_to(sys.executable)
    child = f"import subprocess; subprocess.run([{str(program)!r}, '-c', 'input()'])"
    server = subprocess.Popen([str(program), "-c", child], stdin=subprocess.PIPE)
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end and not Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text():
            time.sleep(0.01)

        assert topmost(program.name) == [server.pid]
        assert topmost("standin-that-is-not-there") == []
    finally:
        server.communicate(b"\n")
