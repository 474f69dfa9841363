"""The agent as a process of its own, started the way a container starts it: ``python -m agent`` on the flat package."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.components.loaders.agent.conftest import Run

PACKAGES: Final = Path(__file__).parents[4] / "components" / "loaders"
ENDS_WITHIN_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Ended(Run):
    """What a process gave, and how long it took."""

    seconds: float


ENVIRONMENT: Final = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGES), "PYTHONDONTWRITEBYTECODE": "1"}


def interpreter_for(user: int) -> str:
    """Return a Python that another user may start, and that may read the agent as that user; empty if there is none."""
    check = "import sys, agent; sys.exit(sys.version_info < (3, 11))"
    for program in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            tried = subprocess.run(
                [program, "-c", check], env=ENVIRONMENT, user=user, cwd="/", capture_output=True, check=False
            )
        except OSError:
            continue
        if tried.returncode == 0:
            return program
    return ""


def start_agent(
    *words: str, user: int | None = None, prefix: tuple[str, ...] = (), interpreter: str = sys.executable
) -> subprocess.Popen[str]:
    """Start it.

    Args:
        words: the agent's arguments.
        user: numeric user to run as; None for this one.
        prefix: a command that runs it.
        interpreter: the Python.
    """
    return subprocess.Popen(
        [*prefix, interpreter, "-m", "agent", *words],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
        user=user,
        cwd="/",
    )


def finish(process: subprocess.Popen[str], started: float) -> Ended:
    """Wait for its end; ``started`` is by ``time.monotonic``."""
    _, text = process.communicate(timeout=ENDS_WITHIN_SECONDS)
    lines = [json.loads(line) for line in text.splitlines()]
    return Ended(code=process.returncode, lines=lines, text=text, seconds=time.monotonic() - started)


def run_agent(
    *words: str, user: int | None = None, prefix: tuple[str, ...] = (), interpreter: str = sys.executable
) -> Ended:
    """Run it to its end."""
    started = time.monotonic()
    return finish(start_agent(*words, user=user, prefix=prefix, interpreter=interpreter), started)


def once(
    host: str, digest: str, into: Path, *more: str, repository: str = "ns/kit", source: str = "modelkit"
) -> list[str]:
    """Return the words of a load over plain HTTP."""
    reference = f"{host}/{repository}@{digest}"
    return ["once", "--source", source, "--reference", reference, "--into", str(into), "--plain-http", *more]
