"""The whole of setup on a small machine: PATH, cache, downloads, builds, and what can go wrong with them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain import official
from rehearsal.toolchain.errors import BuildError, PreconditionError, ToolMissingError
from rehearsal.toolchain.install import Setup
from rehearsal.toolchain.reach import Reach
from rehearsal.toolchain.store import Store
from rehearsal.toolchain.tools import find_tool, read_selection
from rehearsal.toolchain.versions import NEEDED
from tests.rehearsal.toolchain.fakes import write_tool

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths
    from tests.rehearsal.toolchain.fakes import FakeGo

_OFFLINE = "SLIPWAY_OFFLINE is set"


def _setup(paths: Paths, reach: Reach | None = None, extra: tuple[str, ...] = ()) -> str:
    stream = io.StringIO()
    Setup(paths=paths, reach=reach or Reach(offline=_OFFLINE), stream=stream, extra=extra).run()
    return stream.getvalue()


def test_an_empty_machine_builds_everything_once(paths: Paths, go: FakeGo) -> None:
    said = _setup(paths)
    assert go.builds == ["pulumi", "etcd", "kwok", "kubernetes"]
    assert f"kubernetes: will be built from pinned Go modules ({_OFFLINE})" in said
    assert "[4/4] kubernetes 1.34.4: built" in said
    assert "Language host: our stand-in" in said
    assert all(find_tool(name, paths).is_relative_to(paths.cache) for name in NEEDED)
    assert {fields["origin"] for fields in read_selection(paths).values()} == {"built"}
    assert paths.environment_file.exists()
    again = _setup(paths)
    assert len(go.builds) == 4
    assert "will be built" not in again


def test_what_only_tests_need_is_made_once_and_only_when_asked_for(paths: Paths, go: FakeGo) -> None:
    _setup(paths)
    with pytest.raises(ToolMissingError, match=r"Fix: run `python -m rehearsal\.toolchain setup --with registry`"):
        find_tool("registry", paths)

    assert "registry 3.1.2: built" in _setup(paths, extra=("registry",))
    _setup(paths, extra=("registry",))
    _setup(paths)

    assert go.builds == ["pulumi", "etcd", "kwok", "kubernetes", "registry"]
    assert find_tool("registry", paths).is_relative_to(paths.cache)
    assert not (paths.bin / "registry").exists()  # nothing of a user's own is hidden behind it


def test_a_registry_of_path_is_asked_for_its_version_only_when_one_is_wanted(paths: Paths, go: FakeGo) -> None:
    own = write_tool(go.folder, "registry", "3.0.0")
    _setup(paths)
    assert "registry" not in read_selection(paths)
    _setup(paths, extra=("registry",))
    assert find_tool("registry", paths) == own


def test_a_second_clone_shares_the_cache(paths: Paths, go: FakeGo, tmp_path: Path) -> None:
    _setup(paths)
    other = type(paths)(clone=paths.clone, home=tmp_path / "other" / ".slipway", cache=paths.cache)
    _setup(other)
    assert len(go.builds) == 4
    assert other.environment_file.exists()


def test_suitable_programs_of_path_are_used_and_old_ones_named(paths: Paths, go: FakeGo) -> None:
    etcd = write_tool(go.folder, "etcd", "3.5.12")
    write_tool(go.folder, "kubectl", "1.32.4")
    pulumi = write_tool(go.folder, "pulumi", "3.260.0")
    write_tool(go.folder, "pulumi-language-python", "3.260.0")
    said = _setup(paths)
    assert go.builds == ["kwok", "kubernetes"]
    assert f"kubectl: {go.folder}/kubectl is 1.32.4, needs >=1.34.0 <1.35.0" in said
    assert find_tool("etcd", paths) == etcd
    assert find_tool("pulumi", paths) == pulumi
    assert "stand-in, not the real pulumi-language-python" not in said
    assert read_selection(paths)["etcd"] == {"path": str(etcd), "version": "3.5.12", "origin": "PATH"}


def test_an_engine_without_its_language_host_is_not_enough(paths: Paths, go: FakeGo) -> None:
    write_tool(go.folder, "pulumi", "3.260.0")
    assert "has no pulumi-language-python beside it" in _setup(paths)
    assert "pulumi" in go.builds


def test_what_setup_placed_on_path_is_not_taken_for_the_users(
    paths: Paths, go: FakeGo, monkeypatch: pytest.MonkeyPatch
) -> None:
    _setup(paths)
    monkeypatch.setenv("PATH", f"{paths.bin}:{go.folder}")
    _setup(paths)
    assert {fields["origin"] for fields in read_selection(paths).values()} == {"built"}


def test_a_failed_build_names_its_log_and_keeps_what_was_done(paths: Paths, go: FakeGo) -> None:
    go.fails = "kwok"
    go.install()
    with pytest.raises(
        BuildError, match=r"kwok 0\.8\.0 failed with code 2; log: .*build-kwok\.log\n(.*\n)*.*something is"
    ):
        _setup(paths)
    assert find_tool("etcd", paths)
    with pytest.raises(ToolMissingError):
        find_tool("kwok", paths)
    go.fails = ""
    go.install()
    _setup(paths)
    assert go.builds == ["pulumi", "etcd", "kwok", "kwok", "kubernetes"]


def test_a_disk_that_fills_up_during_a_build_is_told(paths: Paths, go: FakeGo) -> None:
    go.fails, go.says = "etcd", "write /tmp/x: no space left on device"
    go.install()
    with pytest.raises(BuildError, match="free disk space"):
        _setup(paths)


def test_a_build_of_another_version_is_not_used(paths: Paths, go: FakeGo) -> None:
    go.versions["kwok"] = "0.0.0"
    go.install()
    with pytest.raises(BuildError, match=r"kwok \(built\) says 0\.0\.0 instead of 0\.8\.0"):
        _setup(paths)
    assert Store(paths.cache).read("kwok") is None


def test_an_old_go_is_refused_before_anything_is_built(paths: Paths, go: FakeGo) -> None:
    go.version, go.toolchain = "go1.24.0", "local"
    go.install()
    with pytest.raises(PreconditionError, match=r"needs Go 1\.25\.11"):
        _setup(paths)
    assert go.builds == []


def test_other_pins_mean_another_build(paths: Paths, go: FakeGo) -> None:
    _setup(paths)
    manifest = Store(paths.cache).folder("etcd") / ".ok"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "recipe": "of last year"}))
    _setup(paths)
    assert go.builds[4:] == ["etcd"]


def test_the_installer_of_the_engine_falls_back_with_its_log(
    paths: Paths, go: FakeGo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, log: Path, **_others: object) -> int:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("no network after all")
        return 1

    def reachable(_reach: Reach, *servers: str) -> str:
        return "" if servers == (_reach.sources.pulumi,) else "blocked"

    monkeypatch.setattr(official, "run_logged", failing)
    monkeypatch.setattr(Reach, "problem", reachable)
    monkeypatch.setenv("SLIPWAY_PROVIDERS", "standin")
    said = _setup(paths, Reach())
    assert "the Pulumi installer ended with code 1" in said
    assert "no network after all" in said
    assert "falling back to a build" in said
    assert go.builds == ["etcd", "kwok", "kubernetes", "pulumi"]
