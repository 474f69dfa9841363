"""Shared fixtures: a fake registry, and the agent run in this process."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.loaders.agent import deadline, runtimecall
from components.loaders.agent.cli import main
from components.loaders.agent.sourceoptions import Kind
from rehearsal.toolchain.errors import ToolMissingError
from rehearsal.toolchain.tools import find_tool
from tests.components.loaders.agent.certificates import Identity
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.fake_web import Starter
from tests.components.loaders.agent.real_registry import RealRegistry
from tests.components.loaders.agent.world import World, Worlds


@dataclass(frozen=True)
class Run:
    """What a run of the agent gave: exit code and log lines."""

    code: int
    lines: list[dict[str, object]]
    text: str

    def last(self, event: str) -> dict[str, object]:
        """Return the last line of an event."""
        return [line for line in self.lines if line["event"] == event][-1]

    @property
    def why(self) -> str:
        """The reason of the failure."""
        return str(self.last("failed")["why"])


Agent = Callable[..., Run]


@pytest.fixture
def make_registry() -> Iterator[Callable[[], FakeRegistry]]:
    """Start fake registries; they end with the test."""
    started: list[FakeRegistry] = []

    def make() -> FakeRegistry:
        started.append(FakeRegistry())
        started[-1].start()
        return started[-1]

    yield make
    for registry in started:
        registry.stop()


@pytest.fixture
def registry(make_registry: Callable[[], FakeRegistry]) -> FakeRegistry:
    """One fake registry."""
    return make_registry()


@pytest.fixture
def agent(registry: FakeRegistry, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Agent:
    """Run ``agent once`` against the fake registry, with short pauses between attempts."""
    monkeypatch.setattr(deadline, "BASE_SECONDS", 0.001)

    def run(digest: str, into: Path, *more: str, repository: str = "ns/kit", source: str = "modelkit") -> Run:
        reference = f"{registry.host}/{repository}:1.0@{digest}"
        fixed = ["--source", source, "--reference", reference, "--into", str(into), "--plain-http"]
        capsys.readouterr()
        code = main(["once", *fixed, *more])
        text = capsys.readouterr().err
        return Run(code=code, lines=[json.loads(line) for line in text.splitlines()], text=text)

    return run


@pytest.fixture(scope="session")
def registry_binary() -> Path:
    """The registry program that ``make test`` has made or found."""
    try:
        return find_tool("registry")
    except ToolMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def real_registry(registry_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    """One open registry over plain HTTP for all tests of this worker; repositories are a test's own."""
    real = RealRegistry(registry_binary, tmp_path_factory.mktemp("real") / "registry").start()
    yield real
    real.stop()


StartRegistry = Callable[..., RealRegistry]


@pytest.fixture
def start_registry(registry_binary: Path, tmp_path: Path) -> Iterator[StartRegistry]:
    """Start real registries with an ``auth`` section and a certificate; they end with the test."""
    started: list[RealRegistry] = []

    def start(auth: dict[str, object] | None = None, identity: Identity | None = None) -> RealRegistry:
        root = tmp_path / f"registry-{len(started)}"
        started.append(RealRegistry(registry_binary, root, auth=auth or {}, identity=identity))
        return started[-1].start()

    yield start
    for real in started:
        real.stop()


@pytest.fixture
def pull(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the agent in this process with the words of its command line, with short pauses between attempts."""
    monkeypatch.setattr(deadline, "BASE_SECONDS", 0.001)

    def run(*words: str) -> Run:
        capsys.readouterr()
        code = main(list(words))
        text = capsys.readouterr().err
        return Run(code=code, lines=[json.loads(line) for line in text.splitlines()], text=text)

    return run


Pull = Callable[..., Run]


def is_untouched(into: Path) -> bool:
    """Return whether nothing is current and nothing is left growing."""
    return not (into / "current").is_symlink() and not list((into / ".store").glob("*.tmp-*"))


def _mount(*words: str) -> None:
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting a small volume needs root and mount(8)")
    done = subprocess.run([mount, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine does not let a test mount a volume: {done.stderr.strip()}")


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount memory volumes of a given size in bytes; they are gone with the test."""
    mounted: list[Path] = []

    def make(size: int) -> Path:
        where = tmp_path / f"volume-{len(mounted)}"
        where.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={size}", "slipway-test", str(where))
        mounted.append(where)
        return where

    yield make
    for where in mounted:
        subprocess.run(["umount", str(where)], check=True)  # noqa: S607  # beside the mount(8) that was found


@pytest.fixture
def remount_read_only() -> Callable[[Path], None]:
    """Make a mounted volume read-only."""

    def remount(where: Path) -> None:
        _mount("-o", "remount,ro", str(where))

    return remount


@pytest.fixture
def servers() -> Iterator[Starter]:
    """Start servers that end with the test."""
    starter = Starter()
    yield starter
    starter.stop()


@pytest.fixture
def load(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run a command of the agent, ``once`` unless told otherwise, with short pauses between attempts."""
    monkeypatch.setattr(deadline, "BASE_SECONDS", 0.001)

    def run(source: Kind, reference: str, into: Path, *more: str, command: str = "once") -> Run:
        capsys.readouterr()
        code = main([command, "--source", source, "--reference", reference, "--into", str(into), *more])
        text = capsys.readouterr().err
        return Run(code=code, lines=[json.loads(line) for line in text.splitlines()], text=text)

    return run


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask runtimes again soon."""
    monkeypatch.setattr(runtimecall, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(runtimecall, "LONGEST_PAUSE_SECONDS", 0.02)


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Worlds]:
    """Make worlds; their servers end with the test."""
    made: list[World] = []

    def make(kind: str) -> World:
        into = tmp_path / f"world-{len(made)}"
        into.mkdir()
        made.append(World(kind, into))
        made[-1].begin()
        return made[-1]

    yield make
    for world in made:
        world.stand_in.stop()
