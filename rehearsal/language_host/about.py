"""What ``pulumi about`` asks: the Python version and the installed distributions."""

import re
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from rehearsal.language_host.errors import HostError


def python_version(python: Path) -> str:
    """Return an interpreter's version, such as ``3.11.7``.

    Raises:
        HostError: it does not start.
    """
    if python == Path(sys.executable):
        return ".".join(map(str, sys.version_info[:3]))
    code = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise HostError(f"{python} does not start:\n{answer.stderr.strip()}")
    return answer.stdout.strip()


def distributions(directories: Iterable[Path], *, everything: bool) -> list[tuple[str, str]]:
    """Return name and version of the distributions installed in these folders, by name.

    Args:
        directories: folders of installed packages.
        everything: all of them; else only those no other one requires.
    """
    found = list(metadata.distributions(path=[str(directory) for directory in directories]))
    required = set[str]()
    if not everything:
        required = {_normal(_requirement_name(line)) for one in found for line in one.requires or ()}
    return sorted({(one.name, one.version) for one in found if _normal(one.name) not in required})


def _requirement_name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
