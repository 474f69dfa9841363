"""The scripts by which the engine finds the language host and the dynamic provider."""

import shlex
from pathlib import Path
from typing import Final

LAUNCHER_NAME: Final = "pulumi-language-python"
DYNAMIC_NAME: Final = "pulumi-resource-pulumi-python"


def launcher_text(clone: Path) -> str:
    """Return the text of ``pulumi-language-python`` for one clone.

    The file must be executable and lie beside the ``pulumi`` binary (a file, no link to one elsewhere): the engine
    looks beside the resolved binary, and warns when PATH leads it to another file
    (``getPluginInfoAndPath``, pulumi/pulumi sdk v3.250.0 ``go/common/workspace/plugins.go``).

    Args:
        clone: the clone's root; its ``.venv`` runs the host, and the program too unless the project names another one.
    """
    return _text(clone, "rehearsal.language_host.__main__")


def dynamic_text(clone: Path) -> str:
    """Return the text of ``pulumi-resource-pulumi-python`` for one clone; same place, same rules."""
    return _text(clone, "rehearsal.language_host.dynamic")


def _text(clone: Path, module: str) -> str:
    # exec: the engine must be the direct parent, by which the process notices that the engine is gone.
    # -P: it starts in the project's folder, whose modules must not hide its own.
    # -c rather than PYTHONPATH, which the program would inherit.
    code = f"import sys; sys.path.insert(0, {str(clone)!r}); from {module} import start; start()"
    python = shlex.quote(str(clone / ".venv" / "bin" / "python"))
    return f'#!/bin/sh\nexec {python} -u -P -c {shlex.quote(code)} "$@"\n'
