"""Which provider plugins a project's packages need, read from the files they install: no ``pip``, no second Python.

An SDK of a provider carries a ``pulumi-plugin.json`` in its module's folder. The rules to read it are those of the
official host (``determinePackageDependency``, pulumi/pulumi ``sdk/python/cmd/pulumi-language-python/main.go``).
"""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rehearsal.language_host.errors import HostError

_PYTHON_VERSION: Final = re.compile(r"^(\d+(?:\.\d+){0,2})(?:(a|b|rc)(\d+))?$")
_PRE_RELEASE: Final = {"a": "alpha", "b": "beta", "rc": "rc"}


@dataclass(frozen=True, slots=True)
class RequiredPackage:
    """A provider plugin as the engine wants it named."""

    name: str
    version: str  # semantic, with a leading v
    server: str  # download URL; empty for the engine's default
    parameterization: tuple[str, str, bytes] | None = None  # name, version, value


def site_directories(python: Path) -> tuple[Path, ...]:
    """Return the folders an interpreter imports installed packages from.

    Raises:
        HostError: the interpreter is no virtual environment's and does not tell.
    """
    environment = python.parent.parent
    if (environment / "pyvenv.cfg").is_file():  # the usual case, which needs no process
        return tuple(sorted(environment.glob("lib/python3.*/site-packages")))
    code = "import json, site; print(json.dumps([*site.getsitepackages(), site.getusersitepackages()]))"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise HostError(f"{python} does not start, so its packages are not known:\n{answer.stderr.strip()}")
    return tuple(Path(folder) for folder in json.loads(answer.stdout))


def required_packages(directories: Iterable[Path]) -> Iterator[RequiredPackage]:
    """Yield the plugin of every provider SDK in these folders, by name of the module.

    Raises:
        HostError: a ``pulumi-plugin.json`` is not JSON.
    """
    for directory in directories:
        for file in sorted(directory.glob("*/pulumi-plugin.json")):
            package = _read(file)
            if package is not None:
                yield package


def _read(file: Path) -> RequiredPackage | None:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise HostError(f"{file} is not JSON ({error}); install the package again") from error
    if not content.get("resource"):
        return None  # the package says that it has no plugin
    module = file.parent.name
    version = content.get("version") or _plugin_version(_installed_version(file.parent))
    if not version:
        return None  # as the official host: a pre-release build's plugin version cannot be known
    extra: dict[str, Any] | None = content.get("parameterization")
    return RequiredPackage(
        name=content.get("name") or module.removeprefix("pulumi_").replace("_", "-"),
        version="v" + version.removeprefix("v"),
        server=content.get("server") or "",
        parameterization=(extra["name"], extra["version"], _bytes(extra.get("value", ""))) if extra else None,
    )


def _bytes(value: str) -> bytes:
    import base64  # late: no package of this project is parameterized

    return base64.b64decode(value)


def _installed_version(module: Path) -> str:
    """Return the version in the name of the module's ``.dist-info`` folder; empty when there is none.

    An old pip without ``wheel`` installs a source distribution with an ``.egg-info`` folder instead, whose name ends
    with the Python version.
    """
    for folder in module.parent.glob(f"{module.name}-*.dist-info"):
        return folder.name.removesuffix(".dist-info").rpartition("-")[2]
    for folder in module.parent.glob(f"{module.name}-*.egg-info"):
        return folder.name.removesuffix(".egg-info").removeprefix(f"{module.name}-").partition("-py")[0]
    return ""


def _plugin_version(version: str) -> str:
    """Write a Python version as a semantic one: ``0.2`` becomes ``0.2.0``, ``1.0.0a3`` becomes ``1.0.0-alpha.3``."""
    match = _PYTHON_VERSION.match(version)
    if match is None:
        return ""
    release, kind, number = match.groups()
    numbers = [*release.split("."), "0", "0"][:3]
    return ".".join(numbers) + (f"-{_PRE_RELEASE[kind]}.{number}" if kind else "")
