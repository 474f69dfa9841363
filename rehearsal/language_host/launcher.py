"""The script by which the engine finds the language host."""

import shlex
from pathlib import Path
from typing import Final

LAUNCHER_NAME: Final = "pulumi-language-python"


def launcher_text(clone: Path) -> str:
    """Return the text of ``pulumi-language-python`` for one clone.

    The file must be executable and lie beside the ``pulumi`` binary (a file, no link to one elsewhere): the engine
    looks beside the resolved binary, and warns when PATH leads it to another file
    (``getPluginInfoAndPath``, pulumi/pulumi sdk v3.250.0 ``go/common/workspace/plugins.go``).

    Args:
        clone: the clone's root; its ``.venv`` runs the host, and the program too unless the project names another one.
    """
    # exec: the engine must be the direct parent, by which the host notices that the engine is gone.
    # -P: the host starts in the project's folder, whose modules must not hide its own.
    # -c rather than PYTHONPATH, which the program would inherit.
    code = (
        f"import sys; sys.path.insert(0, {str(clone)!r}); from rehearsal.language_host.__main__ import start; start()"
    )
    python = shlex.quote(str(clone / ".venv" / "bin" / "python"))
    return f'#!/bin/sh\nexec {python} -P -c {shlex.quote(code)} "$@"\n'
