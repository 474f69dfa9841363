"""The script by which the engine finds the language host."""

import shlex
from pathlib import Path
from typing import Final

LAUNCHER_NAME: Final = "pulumi-language-python"


def launcher_text(clone: Path) -> str:
    """Return the text of ``pulumi-language-python`` for one clone.

    The file must be executable and lie beside the ``pulumi`` binary (a real file there, not a link to one elsewhere):
    the engine looks beside the resolved binary, and warns when PATH leads it to another file
    (``getPluginInfoAndPath``, pulumi/pulumi sdk v3.250.0 ``go/common/workspace/plugins.go``).
    ``exec`` keeps the engine the direct parent, by which the host notices that the engine is gone.

    Args:
        clone: the clone's root; its ``.venv`` runs the host, and the program too unless the project names another one.
    """
    root = shlex.quote(str(clone))
    python = shlex.quote(str(clone / ".venv" / "bin" / "python"))
    # -P: the engine starts the host in the project's folder, whose modules must not hide the host's.
    # -S would be faster still, but then the virtual environment's packages are not found.
    return f'#!/bin/sh\nPYTHONPATH={root} exec {python} -P -m rehearsal.language_host "$@"\n'
