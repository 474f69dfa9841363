"""Rehearsal clusters through ``python -m rehearsal.cluster``, the only way components touch the rehearsal."""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Final, cast

from components.cluster.command import CLONE, Finished, LocalClusterError, failed, run
from components.cluster.facts import LocalFacts

_NOT_FOUND: Final = 3
_PROGRAM: Final = (sys.executable, "-m", "rehearsal.cluster")
_LOST_NULLS: Final[dict[str, None]] = {"address_delay_seconds": None, "bind_delay_seconds": None}
"""Options a stack always gives, as null for "never"; the engine drops nulls on the way here."""


def find(name: str) -> LocalFacts | None:
    """Return the cluster, running or stopped; None = there is none on this machine.

    Raises:
        LocalClusterError: the command failed.
    """
    arguments = (*_PROGRAM, "status", "--name", name, "--with-kubeconfig")
    finished = _run(arguments)
    if finished.code == _NOT_FOUND:
        return None
    return _facts(arguments, finished)


def create(name: str, options: Mapping[str, Any]) -> LocalFacts:
    """Make the cluster, or start what is missing of it with the same data, certificates and ports.

    Raises:
        LocalClusterError: the command failed.
    """
    arguments = (*_PROGRAM, "create", "--name", name, "--options-file", "-", "--with-kubeconfig")
    return _facts(arguments, _run(arguments, json.dumps({**_LOST_NULLS, **options}, sort_keys=True)))


def delete(name: str) -> None:
    """Remove the cluster and all it owns; nothing happens where there is none.

    Raises:
        LocalClusterError: the command failed.
    """
    arguments = (*_PROGRAM, "delete", "--name", name)
    finished = _run(arguments)
    if finished.code:
        raise failed(arguments, finished)


def _run(arguments: tuple[str, ...], stdin: str = "") -> Finished:
    # The dynamic provider may have been started with a search path of its own.
    return run(arguments, stdin=stdin, environment={**os.environ, "PYTHONPATH": str(CLONE)})


def _facts(arguments: tuple[str, ...], finished: Finished) -> LocalFacts:
    if finished.code:
        raise failed(arguments, finished)
    try:
        said = cast("dict[str, Any]", json.loads(finished.output))
        return LocalFacts(
            kubeconfig=said["kubeconfig"],
            kubeconfig_path=said["kubeconfig_path"],
            server=said["server"],
            kubernetes_version=said["kubernetes_version"] or "",
            running=said["running"],
        )
    except (ValueError, KeyError, TypeError):
        # Without the cause: its text would show the output, and a kubeconfig is in it.
        raise LocalClusterError(f"`{' '.join(arguments)}` did not answer with the JSON expected of it") from None
