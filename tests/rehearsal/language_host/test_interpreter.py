"""Which Python runs a program."""

import sys
from pathlib import Path

import pytest

from rehearsal.language_host.about import python_version
from rehearsal.language_host.errors import HostError
from rehearsal.language_host.interpreter import program_python, virtual_environment


@pytest.fixture(autouse=True)
def _no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_PYTHON_CMD", raising=False)


def test_the_option_is_relative_to_the_project(tmp_path: Path) -> None:
    (tmp_path / "env/bin").mkdir(parents=True)
    (tmp_path / "env/bin/python").touch()

    assert program_python(tmp_path, {"virtualenv": "env"}) == tmp_path / "env/bin/python"


def test_the_option_may_be_absolute(tmp_path: Path) -> None:
    assert virtual_environment(Path("/elsewhere"), {"virtualenv": str(tmp_path)}) == tmp_path


def test_uv_has_its_own_default(tmp_path: Path) -> None:
    assert virtual_environment(tmp_path, {"toolchain": "uv"}) == tmp_path / ".venv"


def test_without_an_option_the_command_of_the_environment_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_PYTHON_CMD", "sh")

    assert program_python(tmp_path, {}).name == "sh"


def test_a_command_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_PYTHON_CMD", "no-such-python")

    with pytest.raises(HostError, match="PULUMI_PYTHON_CMD=no-such-python"):
        program_python(tmp_path, {})


def test_without_anything_the_host_runs_it_with_its_own(tmp_path: Path) -> None:
    assert program_python(tmp_path, {}) == Path(sys.executable)


@pytest.mark.parametrize(
    ("options", "named"), [({"typechecker": "mypy"}, "typechecker"), ({"toolchain": "poetry"}, "toolchain: poetry")]
)
def test_what_only_the_official_host_knows_is_refused(tmp_path: Path, options: dict[str, object], named: str) -> None:
    with pytest.raises(HostError, match=f"does not know runtime.options.{named}"):
        program_python(tmp_path, options)


def test_a_folder_that_is_no_environment_is_named(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()

    with pytest.raises(HostError, match="env is not a virtual environment"):
        program_python(tmp_path, {"virtualenv": "env"})


def test_the_version_of_another_interpreter_is_asked_for(tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho 3.99.1\n", encoding="utf-8")
    other.chmod(0o755)

    assert python_version(other) == "3.99.1"
    assert python_version(Path(sys.executable)) == sys.version.split()[0]
