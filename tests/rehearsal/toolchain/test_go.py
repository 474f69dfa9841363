"""What a build needs is checked first, with a fix in the error."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain.errors import PreconditionError
from rehearsal.toolchain.go import Go, check_go, check_space, find_go, parse_go
from rehearsal.toolchain.versions import GROUPS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.toolchain.fakes import FakeGo


def test_go_is_found_with_its_settings(go: FakeGo) -> None:
    found = find_go()
    assert found.version == (1, 26, 8)
    assert found.build_cache == go.folder / "gocache"


def test_no_go_names_the_installer(tmp_path: Path) -> None:
    with pytest.raises(PreconditionError, match=r"go\.dev/doc/install"):
        find_go({"PATH": str(tmp_path)})


def test_a_go_that_does_not_answer_is_an_error(go: FakeGo) -> None:
    (go.folder / "go.json").unlink()
    with pytest.raises(PreconditionError, match="does not answer"):
        find_go()


@pytest.mark.parametrize(
    ("version", "toolchain", "fine"),
    [
        ("go1.26.0", "local", True),
        ("go1.24.3", "local", False),
        ("go1.24.3", "auto", True),
        ("go1.20.1", "auto", False),
    ],
)
def test_an_old_go_is_fine_only_when_it_fetches_a_newer_one(
    go: FakeGo, version: str, toolchain: str, *, fine: bool
) -> None:
    go.version, go.toolchain = version, toolchain
    go.install()
    found = find_go()
    if fine:
        check_go(found, GROUPS)
    else:
        with pytest.raises(PreconditionError, match=r"needs Go 1\.2\d.*GOTOOLCHAIN=auto"):
            check_go(found, GROUPS)


def _with_free_gib(monkeypatch: pytest.MonkeyPatch, gib: float) -> None:
    def usage(_path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=gib * 1024**3)

    monkeypatch.setattr("rehearsal.toolchain.go.shutil.disk_usage", usage)


def test_a_full_disk_is_told_before_the_build(go: FakeGo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_free_gib(monkeypatch, 1.5)
    with pytest.raises(PreconditionError, match=r"needs up to \d+\.\d GiB at .*, 1\.5 GiB are free.*GOCACHE"):
        check_space(_found(go), GROUPS, tmp_path / "cache")
    check_space(_found(go), GROUPS, tmp_path / "cache", {"SLIPWAY_SKIP_SPACE_CHECK": "1"})
    _with_free_gib(monkeypatch, 40)
    check_space(_found(go), GROUPS, tmp_path / "cache")


def _found(go: FakeGo) -> Go:
    found = find_go()
    assert found.program == go.folder / "go"
    return found


def test_a_text_without_a_go_version_is_refused() -> None:
    with pytest.raises(ValueError, match="no Go version"):
        parse_go("devel")
