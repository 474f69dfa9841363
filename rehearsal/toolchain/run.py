"""Runs a long command with its output in a log file, and ends it with everything it started."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_POLL_SECONDS = 0.2
_GRACE_SECONDS = 3.0


def run_logged(
    command: Sequence[str], *, cwd: Path, log: Path, environment: Mapping[str, str], tick: Callable[[], None]
) -> int:
    """Runs a command and returns its exit code.

    Args:
        command: Program and arguments.
        cwd: Working directory.
        log: Gets the command line and all output; the previous log of that name is replaced.
        environment: The whole environment of the command.
        tick: Called a few times a second. When it or a signal raises, the whole process group is ended first.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        output.write(f"$ cd {shlex.quote(str(cwd))} && {shlex.join(command)}\n")
        output.flush()
        with subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                while True:
                    try:
                        return process.wait(timeout=_POLL_SECONDS)
                    except subprocess.TimeoutExpired:
                        tick()
            except BaseException:
                _end_group(process)
                raise


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=_GRACE_SECONDS)
        except ProcessLookupError:
            return  # the group is empty
        except subprocess.TimeoutExpired:
            continue


def log_tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, indented for an error message."""
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {line}" for line in text)
