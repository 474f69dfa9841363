"""A machine with fake `kind` and `docker` programs; nothing is started."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FAKE = Path(__file__).with_name("fake_kind.py")


@dataclass(frozen=True)
class FakeMachine:
    """Where the fakes keep what they were told."""

    home: Path
    programs: Path
    local_state: Path

    def calls(self, program: str = "kind") -> list[dict[str, Any]]:
        """Return the calls of one program so far."""
        path = self.home / "calls.jsonl"
        every = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [call for call in every if call["program"] == program]

    def remove(self, program: str) -> None:
        """Take a program off PATH."""
        (self.programs / program).unlink()

    def break_(self, program: str) -> None:
        """Let a program fail from now on."""
        (self.home / "broken").write_text(program)

    def serve(self, address: str) -> None:
        """Set the API server address of clusters made from now on."""
        (self.home / "server").write_text(address)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    """A machine whose only programs are the fakes; clusters it makes answer nothing."""
    made = FakeMachine(home=tmp_path / "fake", programs=tmp_path / "bin", local_state=tmp_path / "state")
    (made.home / "clusters").mkdir(parents=True)
    made.programs.mkdir()
    made.break_("")
    made.serve("https://127.0.0.1:1")
    for program in ("docker", "kind"):
        script = made.programs / program
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKE}" "{made.home}" {program} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(made.programs))
    monkeypatch.setenv("SLIPWAY_HOME", str(made.local_state))
    monkeypatch.delenv("KIND_EXPERIMENTAL_PROVIDER", raising=False)
    assert os.environ["PATH"] == str(made.programs)
    return made


@pytest.fixture
def answering(machine: FakeMachine) -> Iterator[FakeMachine]:
    """The same machine, with something that accepts connections where its clusters' API servers would be."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        machine.serve(f"https://127.0.0.1:{listener.getsockname()[1]}")
        yield machine
