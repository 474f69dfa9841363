"""Processes that outlive the command that started them, found again and never mistaken for others.

A process is ours when its record in `pids/` agrees with the kernel (same boot, same start time of that pid), or,
where the record was lost, when its environment carries the mark of the cluster's directory. Linux only: /proc.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rehearsal.control_plane.errors import ClusterError
from rehearsal.control_plane.layout import write_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rehearsal.control_plane.layout import Layout

MARK = "SLIPWAY_REHEARSAL_PROCESS"
_PROC = Path("/proc")
# Positions in /proc/<pid>/stat after the command name (proc(5): state is field 3, starttime field 22).
_STATE, _START_TIME = 0, 19
_DEAD_STATES = "ZX"
KILL_SECONDS = 10.0


@dataclass(frozen=True)
class Process:
    """A live process; the start time tells it from a later one with the same number.

    Attributes:
        pid: Process number.
        start_ticks: Start time in clock ticks since boot.
    """

    pid: int
    start_ticks: int


def mark(directory: Path, component: str) -> str:
    """Value of the environment variable that says whose component a process is."""
    return f"{component}@{directory}"


def look_up(pid: int) -> Process | None:
    """Return the live process of that number, or None when there is none or it is a dead one not yet collected."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[_STATE] in _DEAD_STATES else Process(pid, int(fields[_START_TIME]))


def command_line(process: Process) -> tuple[str, ...]:
    """Return the arguments the process was started with, empty when it is gone."""
    try:
        raw = (_PROC / str(process.pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ()
    return tuple(part.decode(errors="replace") for part in raw.split(b"\0")[:-1])


def remember(layout: Layout, component: str, process: Process) -> None:
    """Write the record of a started process."""
    record = {"pid": process.pid, "start_ticks": process.start_ticks, "boot_id": boot_id()}
    write_private(layout.pid_path(component), json.dumps(record).encode())


def find_all(layout: Layout) -> dict[str, Process]:
    """Return the live processes of the cluster by component: from the records, then from a walk through /proc."""
    found = _marked(layout.directory)
    for path in layout.directory.glob("pids/*.json"):
        process = _recorded(path)
        if process is not None:
            found[path.stem] = process
    return found


def _recorded(path: Path) -> Process | None:
    try:
        record = cast("dict[str, Any]", json.loads(path.read_bytes()))
        process = look_up(int(record["pid"]))
        same = process is not None and record["start_ticks"] == process.start_ticks and record["boot_id"] == boot_id()
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no usable record; the walk through /proc still finds a process that lives
    return process if same else None


def marked_directories() -> set[Path]:
    """Return the directories of all clusters that have a live process, also of clusters that no clone knows."""
    return {directory for _, _, directory in _marks()}


def _marked(directory: Path) -> dict[str, Process]:
    return {component: process for component, process, whose in _marks() if whose == directory}


def _marks() -> Iterator[tuple[str, Process, Path]]:
    prefix = f"{MARK}=".encode()
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:  # gone meanwhile, or another user's
            continue
        value = next((part[len(prefix) :] for part in environment.split(b"\0") if part.startswith(prefix)), None)
        process = look_up(int(entry.name)) if value is not None else None
        if value is not None and process is not None:
            component, _, directory = os.fsdecode(value).partition("@")
            yield component, process, Path(directory)


def end(processes: Iterable[Process], *, grace_seconds: float) -> list[Process]:
    """Ask processes to end, wait, kill the rest, wait again; return those that live even so.

    Signals go through a handle of the kernel (pidfd) that was compared with the start time after it was opened, so a
    number given to another process meanwhile is never signalled.
    """
    with contextlib.ExitStack() as stack:
        handles: dict[int, Process] = {}
        for process in processes:
            handle = _open(process)
            if handle is not None:
                stack.callback(os.close, handle)
                handles[handle] = process
        for signal_number, wait_seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, KILL_SECONDS)):
            for handle in handles:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal_number)
            _wait(handles, wait_seconds)
        return list(handles.values())


def _open(process: Process) -> int | None:
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    if look_up(process.pid) == process:
        return handle
    os.close(handle)
    return None


def _wait(handles: dict[int, Process], timeout_seconds: float) -> None:
    """Drop the handles of processes that ended within the time."""
    poller = select.poll()
    for handle in handles:
        poller.register(handle, select.POLLIN)
    deadline = time.monotonic() + timeout_seconds
    while handles and (left := deadline - time.monotonic()) > 0:
        for handle, _ in poller.poll(left * 1000):
            poller.unregister(handle)
            collect(handles.pop(handle).pid)


def collect(pid: int) -> None:
    """Collect the exit status when the dead process is a child of this one; others belong to init."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def boot_id() -> str:
    """Return what the kernel calls this run of the machine."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def require_proc() -> None:
    """Refuse systems where processes cannot be told apart safely.

    Raises:
        ClusterError: Not Linux.
    """
    if not (_PROC / "self/stat").exists() or not hasattr(os, "pidfd_open"):
        raise ClusterError(
            "the rehearsal cluster needs Linux 5.3 or newer with /proc: use such a machine, real or virtual"
        )
