"""The provider plugins that the engine loads: official ones where they can be had, else our stand-ins."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Final

from rehearsal.toolchain.errors import DownloadError, ToolchainError
from rehearsal.toolchain.files import write_atomic
from rehearsal.toolchain.run import log_tail, run_logged
from rehearsal.toolchain.standin import is_stand_in, launcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths
    from rehearsal.toolchain.reach import Reach

# Plugin name to the Python package whose version the plugin must have: the SDK asks the engine for that very version.
PLUGINS: Final = {"kubernetes": "pulumi-kubernetes", "random": "pulumi-random"}
CHOICES: Final = ("auto", "official", "standin")


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One installed plugin.

    Attributes:
        name: Provider name.
        version: Version of the SDK and so of the plugin.
        program: The file the engine starts.
        origin: `official`, `stand-in` or `missing`.
    """

    name: str
    version: str
    program: Path
    origin: str


def look(paths: Paths, name: str) -> Plugin:
    """What is installed for a provider.

    Raises:
        ToolchainError: The SDK itself is not installed.
    """
    try:
        version = metadata.version(PLUGINS[name])
    except metadata.PackageNotFoundError as error:
        raise ToolchainError(
            f"the Python package {PLUGINS[name]} is not installed for {sys.executable}. "
            "Fix: run `make setup`, which installs requirements.txt into .venv"
        ) from error
    file = f"pulumi-resource-{name}"
    program = paths.pulumi_home / "plugins" / f"resource-{name}-v{version}" / file
    origin = "stand-in" if is_stand_in(program) else "official" if os.access(program, os.X_OK) else "missing"
    return Plugin(name=name, version=version, program=program, origin=origin)


def choice(environment: Mapping[str, str]) -> str:
    """The user's wish from `SLIPWAY_PROVIDERS`.

    Raises:
        ToolchainError: It is none of the known words.
    """
    wish = environment.get("SLIPWAY_PROVIDERS") or "auto"
    if wish not in CHOICES:
        raise ToolchainError(f"SLIPWAY_PROVIDERS={wish} is unknown. Fix: one of {', '.join(CHOICES)}")
    return wish


@dataclass(frozen=True, kw_only=True)
class PluginInstaller:
    """Puts plugins into `PULUMI_HOME`.

    Attributes:
        paths: Where they go.
        reach: Whether the plugin server answers.
        pulumi: The engine's program, which fetches official plugins.
        wish: `auto`, `official` or `standin`.
        tick: Called while a download runs.
        say: Called with lines for the user.
    """

    paths: Paths
    reach: Reach
    pulumi: Path
    wish: str
    tick: Callable[[str], None]
    say: Callable[[str], None]

    def install(self, name: str) -> Plugin:
        """Installs one plugin, or leaves what is right already.

        Raises:
            DownloadError: Official was demanded and cannot be had.
        """
        found = look(self.paths, name)
        if self.wish == "standin":
            return self._stand_in(found, "SLIPWAY_PROVIDERS=standin")
        if found.origin == "official":
            return found
        problem = self.reach.problem(self.reach.sources.pulumi) or self._fetch(found)
        if not problem:
            return look(self.paths, name)
        if self.wish == "official":
            raise DownloadError(
                f"the official {name} plugin {found.version} cannot be had: {problem}. "
                "Fix: get online, or unset SLIPWAY_PROVIDERS to use the stand-in"
            )
        return self._stand_in(found, problem)

    def _stand_in(self, found: Plugin, why: str) -> Plugin:
        if found.origin == "official":
            shutil.rmtree(found.program.parent)
        text = launcher(self.paths, f"rehearsal.providers.{found.name}", f"the {found.name} provider plugin")
        write_atomic(found.program, text, mode=0o755)
        self.say(f"Provider {found.name} {found.version}: our stand-in, not the real plugin ({why})")
        return look(self.paths, found.name)

    def _fetch(self, found: Plugin) -> str:
        """Why the official plugin could not be fetched; empty when it is there."""
        log = self.paths.logs / f"plugin-{found.name}.log"
        command = [str(self.pulumi), "plugin", "install", "resource", found.name, found.version, "--reinstall"]
        environment = {**os.environ, "PULUMI_HOME": str(self.paths.pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        code = run_logged(
            command,
            cwd=self.paths.home,
            log=log,
            environment=environment,
            tick=lambda: self.tick(f"official plugin {found.name}"),
        )
        if code or look(self.paths, found.name).origin != "official":
            return f"`pulumi plugin install` ended with code {code}; log: {log}\n{log_tail(log)}"
        return ""
