"""Official plugins where they can be had, else stand-ins that say so."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain import plugins
from rehearsal.toolchain.errors import DownloadError, ToolchainError
from rehearsal.toolchain.plugins import PluginInstaller, choice, look
from rehearsal.toolchain.reach import Reach
from rehearsal.toolchain.standin import launcher

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths
    from tests.rehearsal.toolchain.fakes import Mirror

_VERSION = metadata.version("pulumi-random")
_ENGINE = """#!/bin/sh
echo "$@" >>"$0.asked"
folder="$PULUMI_HOME/plugins/resource-$4-v$5"
test -e "$0.fails" && { echo "no such plugin" >&2; exit 7; }
/bin/mkdir -p "$folder"
printf 'real binary' >"$folder/pulumi-resource-$4"
/bin/chmod +x "$folder/pulumi-resource-$4"
"""


def _ignore(text: str) -> None:
    del text


@pytest.fixture
def engine(tmp_path: Path, paths: Paths) -> Path:
    """An engine that knows `plugin install`."""
    program = tmp_path / "pulumi"
    program.write_text(_ENGINE)
    program.chmod(0o755)
    paths.home.mkdir()
    return program


def _installer(paths: Paths, engine: Path, reach: Reach, wish: str = "auto") -> tuple[PluginInstaller, list[str]]:
    said: list[str] = []
    installer = PluginInstaller(paths=paths, reach=reach, pulumi=engine, wish=wish, tick=_ignore, say=said.append)
    return installer, said


def test_without_the_server_the_stand_in_takes_the_version_of_the_sdk(paths: Paths, engine: Path) -> None:
    installer, said = _installer(paths, engine, Reach(offline="SLIPWAY_OFFLINE is set"))
    plugin = installer.install("random")
    assert plugin.origin == "stand-in"
    folder = paths.pulumi_home / "plugins" / f"resource-random-v{_VERSION}"
    assert plugin.program == folder / "pulumi-resource-random"
    assert plugin.program.stat().st_mode & 0o111
    assert [path.name for path in folder.iterdir()] == ["pulumi-resource-random"]
    assert said == [f"Provider random {_VERSION}: our stand-in, not the real plugin (SLIPWAY_OFFLINE is set)"]


def test_with_the_server_the_engine_fetches_the_official_one_over_a_stand_in(
    paths: Paths, engine: Path, mirror: Mirror
) -> None:
    _installer(paths, engine, Reach(offline="offline"))[0].install("random")
    mirror.add_probes()
    installer, said = _installer(paths, engine, Reach(mirror.sources))
    assert installer.install("random").origin == "official"
    assert installer.install("random").origin == "official"
    asked = engine.with_name("pulumi.asked").read_text().splitlines()
    assert asked == [f"plugin install resource random {_VERSION} --reinstall"]
    assert said == []


def test_a_failed_fetch_falls_back_and_names_the_log(paths: Paths, engine: Path, mirror: Mirror) -> None:
    mirror.add_probes()
    engine.with_name("pulumi.fails").touch()
    installer, said = _installer(paths, engine, Reach(mirror.sources))
    assert installer.install("random").origin == "stand-in"
    assert "code 7" in said[0]
    assert "no such plugin" in said[0]
    assert str(paths.logs / "plugin-random.log") in said[0]


def test_official_demanded_and_not_to_be_had_is_an_error(paths: Paths, engine: Path) -> None:
    installer, _ = _installer(paths, engine, Reach(offline="SLIPWAY_OFFLINE is set"), "official")
    with pytest.raises(DownloadError, match=r"SLIPWAY_OFFLINE is set\. Fix:"):
        installer.install("random")


def test_a_demanded_stand_in_replaces_the_official_one(paths: Paths, engine: Path, mirror: Mirror) -> None:
    mirror.add_probes()
    _installer(paths, engine, Reach(mirror.sources))[0].install("random")
    installer, _ = _installer(paths, engine, Reach(mirror.sources), "standin")
    assert installer.install("random").origin == "stand-in"


def test_an_unknown_wish_lists_the_known_ones() -> None:
    assert choice({}) == "auto"
    with pytest.raises(ToolchainError, match="auto, official, standin"):
        choice({"SLIPWAY_PROVIDERS": "fake"})


def test_a_missing_sdk_names_the_fix(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "PLUGINS", {"moon": "pulumi-moon"})
    with pytest.raises(ToolchainError, match=r"pulumi-moon is not installed.*requirements\.txt"):
        look(paths, "moon")


def test_a_launcher_runs_the_module_of_the_clone_whatever_the_folder(paths: Paths, tmp_path: Path) -> None:
    package = paths.clone / "its package"
    package.mkdir()
    (package / "__init__.py").touch()
    (paths.clone / "shown.py").write_text(
        "import json, os, sys; print(sys.argv[1:], os.environ.get('PYTHONPATH'), __name__)"
    )
    (tmp_path / "json.py").write_text("raise SystemExit('the folder it starts in is on the module path')")
    script = tmp_path / "launcher"
    script.write_text(launcher(paths, "shown", "a test"))
    script.chmod(0o755)
    answer = subprocess.run([script, "127.0.0.1:1", "a b"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout == "['127.0.0.1:1', 'a b'] None __main__\n"
    assert str(paths.python) == sys.executable
