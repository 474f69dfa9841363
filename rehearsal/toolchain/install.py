"""`make setup`: all tools, the plugins, and the local environment."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from rehearsal.toolchain import bindir, envfile
from rehearsal.toolchain.build import recipe
from rehearsal.toolchain.files import write_atomic
from rehearsal.toolchain.lock import exclusive
from rehearsal.toolchain.obtain import Obtainer, Wanted
from rehearsal.toolchain.plugins import PLUGINS, PluginInstaller, choice
from rehearsal.toolchain.probe import find_on_path, search_path
from rehearsal.toolchain.progress import Progress
from rehearsal.toolchain.reach import Reach
from rehearsal.toolchain.standin import is_stand_in
from rehearsal.toolchain.store import Store
from rehearsal.toolchain.tools import find_tool
from rehearsal.toolchain.versions import GROUPS, NEEDED, TOOLS, dotted

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths
    from rehearsal.toolchain.versions import Group

_MEASURED_ON_CPUS = 2


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One run of setup.

    Attributes:
        paths: Where everything goes.
        reach: Which official servers answer.
        stream: Where progress goes.
        extra: Optional groups that are wanted as well.
    """

    paths: Paths
    reach: Reach = field(default_factory=Reach.from_environment)
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    extra: tuple[str, ...] = ()

    def run(self) -> None:
        """Makes every tool available and writes the environment file; what is there already stays.

        Raises:
            ToolchainError: Something could not be had; the text says what, why and the fix.
        """
        wish = choice(os.environ)
        progress = Progress(total=0, stream=self.stream, scale=_MEASURED_ON_CPUS / min(os.cpu_count() or 1, 8))
        path = search_path(os.environ, self.paths.home, self.paths.cache)
        chosen = self._from_path(path, progress)
        if self._wanted(chosen):
            with exclusive(self.paths.cache / "lock", progress.wait):
                self._obtain(chosen, progress)
        with exclusive(self.paths.home / "lock", progress.wait):
            self._finish(chosen, progress, wish)

    @property
    def _groups(self) -> list[Group]:
        return [group for group in GROUPS if not group.optional or group.name in self.extra]

    def _from_path(self, path: str, progress: Progress) -> dict[str, dict[str, str]]:
        chosen: dict[str, dict[str, str]] = {}
        for tool in (tool for group in self._groups for tool in group.tools):
            found = find_on_path(tool, path)
            if found.path and found.version:
                chosen[tool.name] = {"path": str(found.path), "version": dotted(found.version), "origin": "PATH"}
            elif found.version:
                progress.say(f"{tool.name}: {found.reason}, so it is left alone")
        return chosen

    def _wanted(self, chosen: dict[str, dict[str, str]]) -> Wanted:
        """The tools that neither PATH nor the cache has, by group."""
        store = Store(self.paths.cache)
        wanted: dict[str, tuple[str, ...]] = {}
        for group in self._groups:
            missing = [tool.name for tool in group.tools if tool.name not in chosen and not _cached(store, tool.name)]
            if missing:
                wanted[group.name] = tuple(missing)
        return wanted

    def _obtain(self, chosen: dict[str, dict[str, str]], progress: Progress) -> None:
        wanted = self._wanted(chosen)  # again, now that nobody else is at work
        groups = [group for group in self._groups if group.name in wanted]
        store = Store(self.paths.cache)
        store.sweep()
        progress.total = len(groups)
        try:
            Obtainer(paths=self.paths, store=store, reach=self.reach, progress=progress).run(groups, wanted)
        finally:
            store.sweep()

    def _finish(self, chosen: dict[str, dict[str, str]], progress: Progress, wish: str) -> None:
        store = Store(self.paths.cache)
        for name in TOOLS:
            manifest = store.read(name)
            if name not in chosen and manifest:
                chosen[name] = {
                    "path": str(store.program(name)),
                    "version": manifest.version,
                    "origin": manifest.origin,
                }
        write_atomic(self.paths.selection, json.dumps(chosen, indent=2, sort_keys=True) + "\n")
        programs: dict[str, Path] = {name: find_tool(name, self.paths) for name in NEEDED}
        self.paths.bin.mkdir(parents=True, exist_ok=True)
        host = bindir.fill(self.paths, programs)
        if is_stand_in(host):
            progress.say("Language host: our stand-in, not the real pulumi-language-python")
        installer = PluginInstaller(
            paths=self.paths,
            reach=self.reach,
            pulumi=programs["pulumi"],
            wish=wish,
            tick=progress.wait,
            say=progress.say,
        )
        plugins = [installer.install(name) for name in PLUGINS]
        envfile.write(self.paths, automatic_plugins=all(plugin.origin == "official" for plugin in plugins))
        tools = (f"{name} {fields['version']} ({fields['origin']})" for name, fields in sorted(chosen.items()))
        progress.say(f"Tools: {', '.join(tools)}")
        progress.say(f"Ready. In each new shell: . {self.paths.environment_file}")


def _cached(store: Store, name: str) -> bool:
    manifest = store.read(name)
    group, _ = TOOLS[name]
    return manifest is not None and (manifest.origin == "official" or manifest.recipe == recipe(group))
