"""Which Python runs a program: the project's ``virtualenv`` option, ``PULUMI_PYTHON_CMD``, or the host's own."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rehearsal.language_host.errors import HostError

SUPPORTED_OPTIONS: Final = ("toolchain", "virtualenv")


def virtual_environment(root: Path, options: Mapping[str, object]) -> Path | None:
    """Return the folder of the virtual environment the project asks for, made or not; None when it asks for none.

    Args:
        root: the folder of ``Pulumi.yaml`` (or of the plugin's own file); a relative path is relative to it.
        options: ``runtime.options`` of that file.

    Raises:
        HostError: an option that only the official host knows.
    """
    unknown = sorted(set(options) - set(SUPPORTED_OPTIONS))
    toolchain = options.get("toolchain", "pip")
    if unknown or toolchain not in {"pip", "uv"}:
        what = f"runtime.options.{unknown[0]}" if unknown else f"runtime.options.toolchain: {toolchain}"
        raise HostError(
            f"{root / 'Pulumi.yaml'}: the stand-in language host does not know {what}; it knows virtualenv, and the "
            "toolchains pip and uv. Remove the option, or use the official pulumi install"
        )
    chosen = options.get("virtualenv") or (".venv" if toolchain == "uv" else None)  # the official host's uv default
    return root / str(chosen) if chosen else None


def program_python(root: Path, options: Mapping[str, object]) -> Path:
    """Return the interpreter of a program.

    Raises:
        HostError: the chosen one is not there; the text tells how to make it.
    """
    folder = virtual_environment(root, options)
    if folder is not None:
        return environment_python(folder)
    command = os.environ.get("PULUMI_PYTHON_CMD")
    if not command:
        return Path(sys.executable)
    found = shutil.which(command)
    if found is None:
        raise HostError(f"PULUMI_PYTHON_CMD={command}: there is no such program; correct or unset the variable")
    return Path(found)


def environment_python(folder: Path) -> Path:
    """Return the interpreter of an existing virtual environment.

    Raises:
        HostError: the folder is not a virtual environment.
    """
    python = folder / "bin" / "python"
    if not python.is_file():
        why = "is not a virtual environment" if folder.is_dir() else "does not exist"
        raise HostError(f"runtime.options.virtualenv: {folder} {why}; `pulumi install` makes it from requirements.txt")
    return python
