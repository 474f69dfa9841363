"""The ConfigMap with the code of the agent."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.loaders import code

AGENT = Path(code.__file__).with_name("agent")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of our own in place of the agent."""
    monkeypatch.setattr(code, "_PACKAGE", tmp_path)
    code.files.cache_clear()
    (tmp_path / "__main__.py").write_text("print('one')\n")
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "notes.txt").write_text("not code")
    yield tmp_path
    code.files.cache_clear()


def test_all_modules_are_in_it_and_nothing_else() -> None:
    data = code.config_map("models")["data"]
    assert list(data) == sorted(path.name for path in AGENT.glob("*.py"))
    assert all(data[path.name] == path.read_text() for path in AGENT.glob("*.py"))


def test_keys_are_valid_and_it_cannot_be_edited() -> None:
    manifest = code.config_map("models")
    assert manifest["immutable"] is True
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]+", key) for key in manifest["data"])
    assert re.fullmatch(r"slipway-loader-agent-[0-9a-f]{8}", manifest["metadata"]["name"])


def test_changed_code_gets_another_name_and_the_same_code_the_same(package: Path) -> None:
    before = code.config_map("models")["metadata"]["name"]
    code.files.cache_clear()
    assert code.config_map("models")["metadata"]["name"] == before
    (package / "__main__.py").write_text("print('two')\n")
    code.files.cache_clear()
    assert code.config_map("models")["metadata"]["name"] != before


def test_files_that_are_not_code_stay_out(package: Path) -> None:
    assert sorted(code.files()) == sorted(path.name for path in package.glob("*.py"))


def test_a_package_that_cannot_be_run_is_refused(package: Path) -> None:
    (package / "__main__.py").unlink()
    with pytest.raises(ValueError, match=r"needs a __main__\.py"):
        code.files()


def test_a_package_that_is_too_large_is_refused(package: Path) -> None:
    (package / "large.py").write_text("#" * 1_048_576)
    with pytest.raises(ValueError, match="at most"):
        code.files()


def test_the_mounted_files_run_as_the_container_would_run_them(tmp_path: Path) -> None:
    """The ConfigMap's files in an otherwise empty directory, by the stock interpreter without this project."""
    mounted = tmp_path / "agent"
    mounted.mkdir()
    for name, text in code.config_map("models")["data"].items():
        (mounted / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-S", "-m", "agent", "once", "--help"],
        env={"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for flag in ("--source", "--reference", "--filter", "--into", "--registry-config", "--plain-http"):
        assert flag in done.stdout
