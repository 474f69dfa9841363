"""Files of a directory that share their blocks with the version: where the file system can, and checked as well."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.loaders.agent import localfile
from components.loaders.agent.logs import Log
from tests.components.loaders.agent.conftest import is_untouched
from tests.components.loaders.agent.file_sources import BIG, FILES, Load, content_of, lay
from tests.components.loaders.agent.kits import noise


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A directory with a model."""
    lay(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Where to load to."""
    return tmp_path / "into"


@pytest.fixture
def sharing_volume(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system on which files can share blocks."""
    where, image = tmp_path / "volume", tmp_path / "image"
    if shutil.which("mkfs.xfs") is None or os.geteuid() != 0:
        pytest.skip("needs root and mkfs.xfs of Debian's xfsprogs")
    where.mkdir()
    with image.open("wb") as file:
        file.truncate(400 * 1024 * 1024)
    subprocess.run(["mkfs.xfs", "-q", str(image)], check=True)  # noqa: S607  # found above
    done = subprocess.run(["mount", "-o", "loop", str(image), str(where)], capture_output=True, text=True, check=False)  # noqa: S607  # mount(8)
    if done.returncode:
        pytest.skip(f"this machine does not let a test mount a volume: {done.stderr.strip()}")
    yield where
    subprocess.run(["umount", str(where)], check=True)  # noqa: S607  # mount(8)'s other half


def _steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the steps of a load."""
    seen: list[str] = []

    def step(_self: Log, name: str, **_fields: object) -> None:
        seen.append(name)

    monkeypatch.setattr(Log, "step", step)
    return seen


@pytest.mark.parametrize(("right", "code"), [(True, 0), (False, 5)])
def test_clone_is_checked(
    model: Path, into: Path, load: Load, monkeypatch: pytest.MonkeyPatch, *, right: bool, code: int
) -> None:
    """A stand-in for the ioctl copies, so that this runs on every file system."""
    reference, seen = lay(model), _steps(monkeypatch)

    def copying(target: int, _request: int, source: int) -> int:
        data = os.pread(source, 1_000_000, 0)
        os.pwrite(target, data if right else data[::-1], 0)
        return 0

    monkeypatch.setattr(localfile.fcntl, "ioctl", copying)

    run = load("claim", reference, into)

    assert run.code == code, run.text
    assert not right or seen.count("file-cloned") == len(FILES)
    assert is_untouched(into) != right


def test_blocks_are_shared_where_the_file_system_can(
    sharing_volume: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"big.bin": noise(64_000_000), "config.json": b"{}"}
    reference = lay(sharing_volume / "model", files)
    os.sync()
    seen, before = _steps(monkeypatch), os.statvfs(sharing_volume).f_bfree

    run = load("claim", reference, sharing_volume / "into")

    assert run.code == 0, run.text
    assert content_of(sharing_volume / "into/current") == files
    assert seen.count("file-cloned") == 2
    used = (before - os.statvfs(sharing_volume).f_bfree) * os.statvfs(sharing_volume).f_bsize
    assert used < 4_000_000
    (sharing_volume / "model/big.bin").write_bytes(b"edited in place")
    assert content_of(sharing_volume / "into/current") == files


def test_shared_blocks_are_checked_as_well(sharing_volume: Path, load: Load) -> None:
    reference = lay(sharing_volume / "model")
    (sharing_volume / "model" / BIG).write_bytes(noise(400_000, 99))

    run = load("claim", reference, sharing_volume / "into")

    assert run.code == 5, run.text
    assert is_untouched(sharing_volume / "into")
