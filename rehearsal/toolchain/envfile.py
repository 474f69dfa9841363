"""Writes the shell file that points a shell at the local engine, state and tools: `. .slipway/env`."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from rehearsal.toolchain.engine_log import keep_from_logging
from rehearsal.toolchain.files import write_atomic

if TYPE_CHECKING:
    from rehearsal.toolchain.paths import Paths

PASSPHRASE = "rehearsal"  # noqa: S105 - public: docs/adr/0007-rehearsal-secrets.md says what it protects and what not
"""Passphrase of local stacks; the salt in Pulumi.dev.yaml belongs to it."""

_HEADER = """\
# Written by `make setup`; read it with `. {file}`. For local stacks (rehearsal) only: it replaces the backend and
# the passphrase of this shell, so that a local stack can never land in a shared backend. Use a fresh shell for
# shared stacks.
"""


def variables(paths: Paths, *, automatic_plugins: bool) -> dict[str, str]:
    """The environment of local stacks, PATH aside.

    Args:
        paths: Roots of the clone.
        automatic_plugins: Whether the engine may download plugins by itself; with stand-ins it must not, since it
            would wait for servers that do not answer.
    """
    values = {
        "PULUMI_HOME": str(paths.pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{paths.home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_PYTHON_CMD": str(paths.python),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_PARALLEL": "32",
    }
    if not automatic_plugins:
        values["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "1"
    return values


def environment(paths: Paths, *, automatic_plugins: bool) -> dict[str, str]:
    """This process's environment with the local stack's variables and PATH, for child processes and tests."""
    values = {**os.environ, **variables(paths, automatic_plugins=automatic_plugins)}
    values.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
    values["PATH"] = os.pathsep.join([*_folders(paths), values.get("PATH", os.defpath)])
    return values


def write(paths: Paths, *, automatic_plugins: bool) -> None:
    """Writes the file and the state folder, which only its owner may read."""
    (paths.home / "state").mkdir(parents=True, exist_ok=True)
    (paths.home / "state").chmod(0o700)
    paths.pulumi_home.mkdir(parents=True, exist_ok=True)
    keep_from_logging(paths.pulumi_home)
    lines = [
        f"export {name}={shlex.quote(value)}"
        for name, value in variables(paths, automatic_plugins=automatic_plugins).items()
    ]
    folders = os.pathsep.join(_folders(paths))
    text = (
        _HEADER.format(file=paths.environment_file)
        + "\n".join(lines)
        + "\nunset PULUMI_CONFIG_PASSPHRASE_FILE\n"
        + f'case ":$PATH:" in *:{shlex.quote(folders)}:*) ;; *) export PATH={shlex.quote(folders)}:"$PATH" ;; esac\n'
    )
    write_atomic(paths.environment_file, text)


def _folders(paths: Paths) -> list[str]:
    return [str(paths.bin), str(paths.python.parent)]
