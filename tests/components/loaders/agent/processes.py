"""Help for tests that run the agent in processes of their own."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.components.loaders.agent.crashing import Crashing
from tests.components.loaders.agent.fake_registry import digest_of

ROOT: Final = Path(__file__).parents[4]
"""The repository, for ``PYTHONPATH``."""

WAIT_SECONDS: Final = 30.0


def wait_for(condition: Callable[[], bool], what: str = "it") -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {WAIT_SECONDS:g} s"
        time.sleep(0.005)


def whole_layers(into: Path) -> int:
    """Return how many layers of a load that is under way are marked as whole; a mark being written is none."""
    return sum(mark.suffix != ".new" for mark in into.glob(".store/*.tmp-*/layers/*"))


def as_another_user(run: Callable[[], int]) -> int:
    """Call something in a process of user 65532, the pods' own, and return what it returns; 1 if it raises."""
    if os.geteuid() != 0:
        pytest.skip("running the agent as another user needs root")
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setgid(65532)
            os.setuid(65532)
            code = run()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fingerprint(directory: Path) -> str:
    """Hash every file of the tree that a link names at this moment, as a server would: resolved once."""
    root = directory.resolve(strict=True)
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            found.update(f"{path.relative_to(root)} {digest_of(path.read_bytes())}\n".encode())
    return found.hexdigest()


@dataclass(frozen=True)
class AgentProcess:
    """A running agent and where its log goes."""

    process: Crashing
    log: Path

    def lines(self, event: str) -> list[dict[str, object]]:
        """Return the log lines of one event; a last line that is just being written is left out."""
        whole = [line for line in self.log.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [found for found in map(json.loads, whole) if found["event"] == event]

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait(timeout=60)

    def terminate(self) -> float:
        """End it as the kubelet does, and return how long that took."""
        started = time.monotonic()
        self.process.terminate()
        assert self.wait() == 143, self.log.read_text()
        return time.monotonic() - started


@contextmanager
def running(
    directory: Path, arguments: list[str], *, kill_at: int = 0, lease_seconds: float = 0
) -> Generator[AgentProcess]:
    """Run the agent in a process until the block ends.

    Args:
        directory: for its log and its record of steps.
        arguments: of the agent.
        kill_at: number of the step at which it dies; 0 for none.
        lease_seconds: if given, locks lie and leases are this long.
    """
    directory.mkdir(exist_ok=True)
    log = directory / f"log-{time.monotonic_ns()}"
    log.touch()
    process = Crashing(kill_at, directory / "steps", arguments, log, lease_seconds)
    try:
        yield AgentProcess(process, log)
    finally:
        process.kill()
        process.wait()
