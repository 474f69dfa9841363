"""The agent in a process of its own that dies at one of its steps.

The steps are the points the agent's own log knows; the kill is put there from outside, the product has no such switch.
Hundreds of these processes are started, so each is forked from a server that has imported the agent and runs nothing:
it begins as a new interpreter would, in a tenth of the time, and signals do to it what they do to any process.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from components.loaders.agent import cli, deadline, lease, locks, staging
from components.loaders.agent.logs import Log


def lie_about_locks(lease_seconds: float) -> None:
    """Make this process see locks as a machine of its own would on such a volume."""

    def granted(_: int) -> bool:
        return True

    def stranger() -> str:
        return f"machine-{os.getpid()}"

    for module, name, value in (
        (lease, "try_lock", granted),
        (staging, "try_lock", granted),
        (locks, "machine", stranger),
        (lease, "LEASE_SECONDS", lease_seconds),
        (lease, "BEAT_SECONDS", lease_seconds / 6),
        (lease, "HOLD_SECONDS", lease_seconds * 2 / 3),
    ):
        setattr(module, name, value)


def run(
    wanted: int, record: Path, words: Sequence[str], environment: Mapping[str, str], log: Path, lease_seconds: float
) -> None:
    """Count steps, note their names, kill at the wanted one; 0 kills at none. This is what the new process does."""
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 2)
    seen: list[str] = []
    one_at_a_time = threading.Lock()

    def step(_self: Log, name: str, **_fields: object) -> None:
        with one_at_a_time:
            seen.append(name)
            record.write_text("\n".join(seen))
            if len(seen) == wanted:
                os.kill(os.getpid(), signal.SIGKILL)

    setattr(Log, "step", step)  # noqa: B010  # a plain assignment would have to repeat the parameter names
    deadline.BASE_SECONDS = 0.001  # pyright: ignore[reportAttributeAccessIssue]  # short pauses for the tests
    if lease_seconds:
        lie_about_locks(lease_seconds)
    sys.exit(cli.main(list(words)))


_SERVER: Final = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([__name__])


class Crashing:
    """The process, with the methods of ``subprocess.Popen`` that the tests use.

    Args:
        step: number of the step at which it dies; 0 for none.
        record: file for the names of its steps.
        words: arguments of the agent.
        log: file for its standard error.
        lease_seconds: if given, every file lock is granted and every holder seems to be on another machine, as on NFS
            mounted with ``nolock``, and leases are this long.
    """

    def __init__(
        self, step: int, record: Path, words: Sequence[str], log: Path = Path(os.devnull), lease_seconds: float = 0
    ) -> None:
        arguments = (step, record, words, dict(os.environ), log, lease_seconds)
        self._process = _SERVER.Process(target=run, args=arguments)
        self._process.start()

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._process.exitcode

    @property
    def returncode(self) -> int | None:
        """The same."""
        return self.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code."""
        self._process.join(timeout)
        code = self.poll()
        assert code is not None, f"it did not end within {timeout} s"
        return code

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()
