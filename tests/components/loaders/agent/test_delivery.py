"""The agent as pods get it: a ConfigMap mounted as a directory, run by a Python without any package."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from components.loaders import agent as package
from components.loaders.agent import errors
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import small_kit

SOURCES: Final = sorted(Path(str(package.__file__)).parent.glob("*.py"))
CONFIG_MAP_LIMIT_BYTES: Final = 700 * 1024
"""Kubernetes takes 1 MiB per ConfigMap, names and encoding included."""

OPTIONAL: Final = {"compression.zstd", "zstandard"}


def mounted(tmp_path: Path) -> Path:
    """Lay the files out as the kubelet mounts a ConfigMap: links through ``..data`` to a dated directory."""
    where = tmp_path / "opt/agent"
    (where / "..2026_01_01").mkdir(parents=True)
    (where / "..data").symlink_to("..2026_01_01")
    for source in SOURCES:
        (where / "..2026_01_01" / source.name).write_bytes(source.read_bytes())
        (where / source.name).symlink_to(f"..data/{source.name}")
    return where


def test_runs_from_a_mounted_config_map(tmp_path: Path, registry: FakeRegistry) -> None:
    where = mounted(tmp_path)
    reference = f"{registry.host}/ns/kit@{small_kit(registry)}"
    arguments = ["--source", "modelkit", "--reference", reference, "--into", str(tmp_path / "models"), "--plain-http"]
    environment = {"PYTHONPATH": str(where.parent), "PATH": os.environ["PATH"]}

    done = subprocess.run(
        [sys.executable, "-S", "-B", "-W", "error", "-m", "agent", "once", *arguments],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert (tmp_path / "models/current/README.md").is_file()


def test_fits_a_config_map() -> None:
    assert sum(len(path.read_bytes()) + len(path.name) for path in SOURCES) < CONFIG_MAP_LIMIT_BYTES


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_imports_only_itself_and_the_standard_library(source: Path) -> None:
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Import(names=names):
                assert {name.name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)
            case ast.ImportFrom(level=0, module=str(module)):
                assert module.split(".")[0] in sys.stdlib_module_names
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(module))]):
                assert module in OPTIONAL
            case _:
                pass


def pages() -> str:
    """Return all that is written about the agent."""
    names = ("loader-agent", "loader-runtimes", "loader-sources")
    return "".join((Path(__file__).parents[4] / f"docs/{name}.md").read_text() for name in names)


def test_exit_codes_are_distinct_and_documented() -> None:
    kinds = errors.AgentError.__subclasses__()
    codes = [kind.exit_code for kind in kinds]
    docs = pages()

    assert len(set(codes)) == len(codes)
    for kind in kinds:
        assert f"| {kind.exit_code} | `{kind.__name__}` |" in docs
        assert f"{kind.__name__} " in str(errors.__doc__)


def options() -> dict[str, set[str]]:
    """Return the options of every command, as the parser knows them."""
    words = {"once", "preload", "sync", "watch", "cache", "wait"}
    found: dict[str, set[str]] = {}
    for word in words:
        text = subprocess.run(
            [sys.executable, "-m", "components.loaders.agent", word, "--help"],
            cwd=Path(__file__).parents[4],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found[word] = set(re.findall(r"--[a-z][a-z-]+", text.partition("options:")[2])) - {"--help"}
    return found


def test_every_option_of_every_command_is_documented() -> None:
    docs = pages()

    found = options()

    assert all(len(names) >= 4 for names in found.values()), found
    for command, names in found.items():
        assert f"| `{command}` |" in docs
        assert not {name for name in names if f"`{name}`" not in docs}, command
