"""Runs one command of the real engine and says what it took: wall time, CPU of all processes, memory of the program."""

from __future__ import annotations

import resource
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took.

    Attributes:
        wall_seconds: from start to end.
        cpu_seconds: user and system time of the command and everything it started and waited for.
        program_mib: largest resident memory of one Python process, the program or a stand-in plugin.
    """

    wall_seconds: float
    cpu_seconds: float
    program_mib: float


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Cost:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; the text has the end of what it said.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = _Peak(process.pid)
    try:
        said, _ = process.communicate()
        wall = time.perf_counter() - start
    finally:
        largest = peak.stop()  # its thread would keep a stopped benchmark from ending
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said[-3000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, largest)


class _Peak:
    """Samples the peak memory of every Python process below one process."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._largest_mib = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def stop(self) -> float:
        """End sampling and return the largest peak, MiB."""
        self._ended.set()
        self._thread.join()
        return self._largest_mib

    def _sample(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            for pid in _below(self._root):
                self._largest_mib = max(self._largest_mib, _python_peak_mib(pid))


def _below(root: int) -> set[int]:
    """Return the processes below one process."""
    numbers = [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
    parents = {int(number): parent for number in numbers if (parent := _parent(number))}
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {root}


def _parent(pid: str) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None  # it ended between the listing and the look
    return int(stat.rsplit(")", 1)[1].split()[1])


def _python_peak_mib(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0  # it ended between the listing and the look
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if not fields["Name"].strip().startswith("python"):
        return 0.0
    return int(fields.get("VmHWM", "0 kB").split()[0]) / 1024
