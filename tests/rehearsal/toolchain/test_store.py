"""Nothing but a whole tool is ever given out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain.errors import ToolMissingError
from rehearsal.toolchain.store import Store
from rehearsal.toolchain.tools import find_tool

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths


def _publish(store: Store, text: str = "whole") -> Path:
    staged = store.staging("etcd") / "etcd"
    (staged / "bin").mkdir(parents=True)
    (staged / "bin" / "etcd").write_text(text)
    return store.publish("etcd", staged, ["bin/etcd"], origin="built", source="here", recipe="r1")


def test_a_published_tool_is_found_and_can_be_run(paths: Paths) -> None:
    store = Store(paths.cache)
    program = _publish(store)
    assert find_tool("etcd", paths) == program
    assert program.stat().st_mode & 0o111
    manifest = store.read("etcd")
    assert manifest
    assert (manifest.version, manifest.origin, manifest.recipe) == ("3.6.5", "built", "r1")


def test_a_shortened_program_is_never_used(paths: Paths) -> None:
    store = Store(paths.cache)
    _publish(store).write_text("who")
    assert store.read("etcd") is None
    with pytest.raises(ToolMissingError, match="make setup"):
        find_tool("etcd", paths)


def test_a_program_without_a_manifest_is_never_used(paths: Paths) -> None:
    program = Store(paths.cache).program("etcd")
    program.parent.mkdir(parents=True)
    program.write_text("half")
    program.chmod(0o755)
    with pytest.raises(ToolMissingError):
        find_tool("etcd", paths)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tool": "etcd"}'])
def test_a_damaged_manifest_counts_as_none(paths: Paths, text: str) -> None:
    store = Store(paths.cache)
    _publish(store)
    (store.folder("etcd") / ".ok").write_text(text)
    assert store.read("etcd") is None


def test_a_broken_tool_is_replaced(paths: Paths) -> None:
    store = Store(paths.cache)
    _publish(store).write_text("who")
    assert _publish(store, "whole again").read_text() == "whole again"
    assert store.read("etcd")
    store.sweep()
    assert not (paths.cache / "staging").exists()


def test_an_unknown_name_lists_the_known_ones(paths: Paths) -> None:
    with pytest.raises(ToolMissingError, match=r"'helm'.*kube-apiserver"):
        find_tool("helm", paths)


def test_a_chosen_program_of_path_wins_until_it_is_gone(paths: Paths, tmp_path: Path) -> None:
    cached = _publish(Store(paths.cache))
    own = tmp_path / "etcd"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    paths.home.mkdir()
    paths.selection.write_text(f'{{"etcd": {{"path": "{own}"}}}}')
    assert find_tool("etcd", paths) == own
    own.unlink()
    assert find_tool("etcd", paths) == cached
