"""``pulumi install``: the virtual environment and the packages of ``requirements.txt``."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from pulumi.runtime.proto import language_pb2

from rehearsal.language_host.children import Children
from rehearsal.language_host.errors import HostError
from rehearsal.language_host.interpreter import environment_python, program_python
from rehearsal.language_host.runs import output

Context: TypeAlias = Any
"""The grpc context of a call; grpc ships no types."""


def install(folder: Path, environment: Path | None, children: Children, context: Context) -> Iterator[Any]:
    """Install what ``requirements.txt`` names, yielding the installer's output as it comes.

    Args:
        folder: the program's folder.
        environment: the virtual environment to install into, made if needed; None takes the program's interpreter.
        children: starts the installer, and stops it with the host.
        context: the call; its end stops the installer.

    Raises:
        HostError: a step failed. Its output tells why.
    """
    if environment is not None and not environment.is_dir():
        maker = os.environ.get("PULUMI_PYTHON_CMD") or sys.executable
        yield from _step([maker, "-m", "venv", str(environment)], folder, children, context)
    python = environment_python(environment) if environment is not None else program_python(folder, {})
    if (folder / "requirements.txt").is_file():
        command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-r", "requirements.txt"]
        yield from _step(command, folder, children, context)


def _step(command: list[str], folder: Path, children: Children, context: Context) -> Iterator[Any]:
    child = children.start(command, folder, pipes=True)
    context.add_callback(lambda: children.stop(child) if child.poll() is None else None)
    for name, data in output(child):
        yield language_pb2.InstallDependenciesResponse(**{name: data})
    code = child.wait()
    children.forget(child)
    if code != 0:
        raise HostError(f"`{' '.join(command)}` in {folder} ended with exit code {code}; its output above tells why")
