"""What goes first on PATH is placed so that the engine finds it without a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.language_host.launcher import DYNAMIC_NAME, LAUNCHER_NAME
from rehearsal.toolchain import bindir
from rehearsal.toolchain.standin import is_stand_in
from tests.rehearsal.toolchain.fakes import write_tool

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths


def _engine(folder: Path, *, host: bool) -> Path:
    if host:
        write_tool(folder, LAUNCHER_NAME, "1.0.0")
    return write_tool(folder, "pulumi", "3.250.0")


def test_a_built_engine_stands_itself_beside_our_host(paths: Paths, tmp_path: Path) -> None:
    pulumi = _engine(tmp_path / "built", host=False)
    host = bindir.fill(paths, {"pulumi": pulumi, "etcd": write_tool(tmp_path / "built", "etcd", "3.6.5")})
    placed = paths.bin / "pulumi"
    assert not placed.is_symlink()
    assert placed.samefile(pulumi)
    assert host == paths.bin / "pulumi-language-python"
    assert is_stand_in(host)
    assert not host.is_symlink()
    ours = [paths.bin / LAUNCHER_NAME, paths.bin / DYNAMIC_NAME]
    assert all(path.is_file() and not path.is_symlink() for path in ours)
    assert (paths.bin / "etcd").is_symlink()


def test_an_official_engine_keeps_its_own_host_and_what_was_ours_goes(paths: Paths, tmp_path: Path) -> None:
    bindir.fill(paths, {"pulumi": _engine(tmp_path / "built", host=False)})
    official = _engine(tmp_path / "official", host=True)
    host = bindir.fill(paths, {"pulumi": official})
    assert host == official.with_name("pulumi-language-python")
    assert (paths.bin / "pulumi").readlink() == official
    assert [path.name for path in paths.bin.iterdir()] == ["pulumi"]
    bindir.fill(paths, {"pulumi": _engine(tmp_path / "built", host=False)})
    assert not (paths.bin / "pulumi").is_symlink()


def test_a_new_build_replaces_the_placed_engine(paths: Paths, tmp_path: Path) -> None:
    bindir.fill(paths, {"pulumi": _engine(tmp_path / "old", host=False)})
    new = _engine(tmp_path / "new", host=False)
    new.write_text("#!/bin/sh\necho v3.251.0\n")
    bindir.fill(paths, {"pulumi": new})
    assert "3.251.0" in (paths.bin / "pulumi").read_text()
