"""Launchers of our stand-in providers: small shell scripts under the names that the engine looks for."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths

_MARK = b"rehearsal."  # every launcher of ours names a module of this package


def launcher(paths: Paths, module: str, stands_in_for: str) -> str:
    """The text of a script that runs one of our modules with the clone's own Python.

    `-P` keeps the folder the engine starts it in off the module path. The clone is put on that path inside, not by
    PYTHONPATH, which every process it starts would inherit (credential helpers of a kubeconfig, for one).
    """
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(paths.clone)!r}); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return (
        "#!/bin/sh\n"
        f"# Stand-in for {stands_in_for}, written by `make setup`.\n"
        f'exec {shlex.quote(str(paths.python))} -P -c {shlex.quote(code)} "$@"\n'
    )


def is_stand_in(program: Path) -> bool:
    """Whether a program is one of our launchers."""
    try:
        with program.open("rb") as handle:
            head = handle.read(1024)
    except OSError:
        return False
    return head.startswith(b"#!/bin/sh\n") and _MARK in head
