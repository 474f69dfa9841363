"""A runtime that reads its model again when it gets a signal, in a pod whose containers share their processes."""

import os
import signal
from pathlib import Path

from .adapter import Version
from .confirmation import Confirmation
from .deadline import Deadline
from .errors import NetworkError, RuntimeRefusedError
from .logs import Log
from .runtimecall import until

PROC = Path("/proc")
"""Where the kernel lists processes (proc(5))."""


class SignalAdapter:
    """Signals one process.

    Args:
        number: the signal.
        pid_file: file that holds the process's number; None to find it by name.
        process: name of the program.
        confirmation: what proves that the version is served; None if nothing does.
        log: told about waiting, and about what is not proven.
    """

    def __init__(  # each is one fact about the runtime
        self,
        number: signal.Signals,
        *,
        pid_file: Path | None,
        process: str,
        confirmation: Confirmation | None,
        log: Log,
    ) -> None:
        self._number = number
        self._pid_file = pid_file
        self._process = process
        self._confirmation = confirmation
        self._log = log

    def prepare(self, version: Version) -> None:
        """Do nothing: the runtime reads the link when it starts."""

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:  # noqa: ARG002  # by link
        """Send the signal, unless the version is proven to be served already, and wait for the proof.

        Raises:
            RuntimeRefusedError: this user may not signal it, or no proof came in time.
            NetworkError: there was no such process until the deadline.
        """
        if self._confirmation is not None and self._confirmation.held(version, deadline, self._log):
            return
        until(f"signal {self._process or self._pid_file}", self._send, deadline, self._log)
        if self._confirmation is not None:
            self._confirmation.wait(version, deadline, self._log)
        else:
            self._log.warning("unconfirmed", version=version.key, why="nothing says whether the runtime serves it")

    def retire(self, version: Version, deadline: Deadline) -> None:
        """Do nothing: nothing was left for it."""

    def _send(self) -> bool:
        numbers = self._numbers()
        if not numbers:
            what = self._process or str(self._pid_file)
            raise NetworkError(f"{what}: no such process; does the pod set shareProcessNamespace?")
        for pid in numbers:
            try:
                os.kill(pid, self._number)
            except ProcessLookupError as error:
                raise NetworkError(f"process {pid} has just ended") from error
            except PermissionError as error:
                raise RuntimeRefusedError(
                    f"process {pid} may not be signalled by user {os.geteuid()}; run both containers as one user"
                ) from error
            self._log.info("signalled", pid=pid, signal=self._number.name)
        return True

    def _numbers(self) -> list[int]:
        if self._pid_file is None:
            return topmost(self._process)
        try:
            text = self._pid_file.read_text().strip()
        except OSError:
            return []
        # 0 and negative numbers mean groups of processes, 1 may be the pod's pause container.
        usable = text.isdecimal() and int(text) > 1 and int(text) != os.getpid()
        return [int(text)] if usable and (PROC / text).is_dir() else []


def topmost(name: str) -> list[int]:
    """Return the processes of a name whose parent has another: of a server with workers, the server."""
    found = {int(path.name): path for path in PROC.iterdir() if path.name.isdigit() and int(path.name) != os.getpid()}
    ours = {pid for pid, path in found.items() if _name(path) == name}
    return sorted(pid for pid in ours if _parent(found[pid]) not in ours)


def _name(process: Path) -> str:
    """Return the last part of the program's name as it was started."""
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return Path(words[0].decode(errors="replace")).name


def _parent(process: Path) -> int:
    try:
        state = (process / "stat").read_text(errors="replace")
    except OSError:
        return 0
    return int(state.rpartition(")")[2].split()[1])
