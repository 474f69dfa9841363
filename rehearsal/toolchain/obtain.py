"""Gets the tools of one group into the cache: the official files where they can be had, else a build."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rehearsal.toolchain.build import build, recipe
from rehearsal.toolchain.errors import BuildError, DownloadError
from rehearsal.toolchain.go import Go, check_go, check_space, find_go
from rehearsal.toolchain.official import Official
from rehearsal.toolchain.probe import version_of
from rehearsal.toolchain.versions import TOOLS, dotted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths
    from rehearsal.toolchain.progress import Progress
    from rehearsal.toolchain.reach import Reach
    from rehearsal.toolchain.store import Store
    from rehearsal.toolchain.versions import Group

Wanted = dict[str, tuple[str, ...]]  # tools by group, for the groups that need work


@dataclass
class Obtainer:
    """Fills the store; use it with the lock held.

    Attributes:
        paths: Where logs go.
        store: What is filled.
        reach: Which servers answer.
        progress: Told about every step.
    """

    paths: Paths
    store: Store
    reach: Reach
    progress: Progress
    _go: Go | None = None
    _reasons: dict[str, str] = field(default_factory=dict[str, str])

    def run(self, groups: Sequence[Group], wanted: Wanted) -> None:
        """Gets all groups, those that download first.

        Raises:
            PreconditionError: A build is needed and this machine cannot do it; said before the first step begins.
            BuildError: A build failed; what was finished before it stays.
        """
        official = Official(sources=self.reach.sources, paths=self.paths, tick=self.progress.tick)
        for group in groups:
            self._reasons[group.name] = official.unsupported(group) or self.reach.problem(*official.servers(group))
        to_build = [group for group in groups if self._reasons[group.name]]
        if to_build:
            self._check(to_build)
            for group in to_build:
                self.progress.say(f"{group.name}: will be built from pinned Go modules ({self._reasons[group.name]})")
        for group in (group for group in groups if not self._reasons[group.name]):
            if not self._official(official, group, wanted[group.name]):
                self._check([group])
                to_build.append(group)
        for index, group in enumerate(to_build):
            later = sum(following.build_seconds for following in to_build[index + 1 :])
            self._build(group, wanted[group.name], later)

    def _check(self, groups: Sequence[Group]) -> None:
        self._go = self._go or find_go()
        check_go(self._go, groups)
        check_space(self._go, groups, self.store.root)

    def _official(self, official: Official, group: Group, tools: tuple[str, ...]) -> bool:
        self.progress.begin(f"{group.name} {group.version}: official download")
        try:
            staging = self.store.staging(group.name)
            sources = official.install(group, tools, staging)
            self._publish(group, staging, sources, origin="official")
        except DownloadError as error:
            self.progress.say(f"{group.name}: {error}")
            self.progress.say(f"{group.name}: falling back to a build from pinned Go modules")
            self.progress.total += 1
            return False
        self.progress.done(f"{group.name} {group.version}: official download")
        return True

    def _build(self, group: Group, tools: tuple[str, ...], later_seconds: float) -> None:
        self.progress.begin(f"{group.name} {group.version}: go build", group.build_seconds, later_seconds)
        staging = self.store.staging(group.name)
        go = self._go or find_go()
        log = self.paths.logs / f"build-{group.name}.log"
        sources = build(group, tools, staging, go=go, log=log, tick=self.progress.tick)
        self._publish(group, staging, sources, origin="built")
        self.progress.learn(group.build_seconds)
        self.progress.done(f"{group.name} {group.version}: built from the pinned Go module")

    def _publish(self, group: Group, staging: Path, sources: Mapping[str, str], *, origin: str) -> None:
        for tool in sources:
            self._verify(group, tool, staging / tool / "bin" / tool, origin)
        fingerprint = recipe(group) if origin == "built" else ""
        for tool, source in sources.items():
            folder = staging / tool
            names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
            self.store.publish(tool, folder, names, origin=origin, source=source, recipe=fingerprint)

    @staticmethod
    def _verify(group: Group, tool: str, program: Path, origin: str) -> None:
        program.chmod(0o755)
        version = version_of(TOOLS[tool][1], program)
        if version is None or dotted(version) != group.version:
            said = dotted(version) if version else "no version"
            kind = BuildError if origin == "built" else DownloadError
            raise kind(f"{tool} ({origin}) says {said} instead of {group.version}, so it is not used: {program}")
