"""Starts and replaces components; they run in a session of their own and outlive the command that started them."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.control_plane.errors import ClusterError, ComponentError
from rehearsal.control_plane.processes import (
    KILL_SECONDS,
    MARK,
    collect,
    command_line,
    end,
    find_all,
    look_up,
    mark,
    remember,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearsal.control_plane.components import Component
    from rehearsal.control_plane.layout import Layout
    from rehearsal.control_plane.processes import Process

_logger = logging.getLogger("rehearsal.cluster")
_CLONE = Path(__file__).resolve().parents[2]
# The API server would wait a minute for its clients to let go of their watches; all it acknowledged is in etcd, so
# it may be killed earlier.
GRACE_SECONDS = 4.0
_OPEN_LOG = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def ensure_running(layout: Layout, components: Iterable[Component]) -> None:
    """Start what does not run, and restart what runs with other arguments than wanted.

    Raises:
        ComponentError: A process could not be started.
    """
    live = find_all(layout)
    for component in components:
        process = live.get(component.name)
        if process is not None and command_line(process) == component.arguments:
            remember(layout, component.name, process)
            continue
        if process is not None:
            _logger.info("%s runs with other options: restarting it", component.name)
            end_or_raise(layout, {component.name: process}, grace_seconds=GRACE_SECONDS)
        _start(layout, component)


def end_or_raise(layout: Layout, processes: dict[str, Process], *, grace_seconds: float) -> None:
    """End the processes and forget their records.

    Raises:
        ClusterError: A process lives on, even after it was killed.
    """
    left = end(processes.values(), grace_seconds=grace_seconds)
    if left:
        pids = ", ".join(str(process.pid) for process in left)
        raise ClusterError(
            f"processes {pids} of {layout.directory} did not end within {KILL_SECONDS:g} s of being killed: they hang "
            "in the kernel, most often on a disk. Try again, or restart the machine"
        )
    for component in processes:
        layout.pid_path(component).unlink(missing_ok=True)


def dead(layout: Layout, components: Iterable[Component]) -> Component | None:
    """Return the first component that has no live process, or None when all live."""
    live = find_all(layout)
    return next((component for component in components if component.name not in live), None)


def _start(layout: Layout, component: Component) -> None:
    _logger.info("starting %s", component.name)
    log_path = layout.log_path(component.name)
    if log_path.exists():
        log_path.replace(log_path.with_suffix(".previous.log"))
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log_path), _OPEN_LOG, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    program = component.arguments[0]
    try:
        # Python opens its files close-on-exec, so no lock or socket of this process is handed on.
        pid = os.posix_spawn(
            program, component.arguments, _environment(layout, component.name), file_actions=actions, setsid=True
        )
    except OSError as error:
        raise ComponentError(
            component.name, f"could not be started from {program}: {error.strerror}", log_path
        ) from error
    process = look_up(pid)
    if process is None:
        collect(pid)
        raise ComponentError(component.name, "ended at once", log_path)
    remember(layout, component.name, process)


def _environment(layout: Layout, component: str) -> dict[str, str]:
    """A small environment: no proxy, no cloud credentials, no configuration from the user's home."""
    return {
        MARK: mark(layout.directory, component),
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(layout.configuration),
        "PYTHONPATH": str(_CLONE),
    }
