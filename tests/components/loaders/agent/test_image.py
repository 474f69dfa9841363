"""The Dockerfile, followed step by step in a folder with this Python; what only an engine does is not tried."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from components.loaders.agent_container import agent_container
from components.loaders.code import files
from stacks.spec.loader import InitLoader
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import small_kit

CONTEXT: Final = Path(__file__).parents[4] / "components/loaders"
LINES: Final = [line for line in (CONTEXT / "Dockerfile").read_text().splitlines() if line and line[0] != "#"]


def values(keyword: str) -> list[str]:
    """Return what stands behind a keyword, in order."""
    return [rest for word, _, rest in (line.partition(" ") for line in LINES) if word == keyword]


@dataclass(frozen=True)
class Image:
    """What the Dockerfile makes, below a folder.

    Attributes:
        root: the folder.
        env: environment, with paths below the folder.
        entrypoint: with this Python.
    """

    root: Path
    env: Mapping[str, str]
    entrypoint: list[str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Start it with arguments, from elsewhere."""
        command = [*self.entrypoint, *arguments]
        return subprocess.run(command, cwd="/", env=self.env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Do what the Dockerfile says."""
    root = tmp_path_factory.mktemp("image")

    def inside(text: str) -> str:
        return text.replace("/opt/", f"{root}/opt/").replace("python3", sys.executable)

    for step in values("COPY"):
        pattern, target = step.split()
        where = Path(inside(target))
        where.mkdir(parents=True)
        for path in CONTEXT.glob(pattern):
            (where / path.name).write_bytes(path.read_bytes())
    for step in values("RUN"):
        subprocess.run(shlex.split(inside(step)), check=True, env={"PATH": os.environ["PATH"]})
    env = dict(pair.split("=", 1) for pair in inside(" ".join(values("ENV"))).split())
    (entrypoint,) = values("ENTRYPOINT")
    return Image(root, {**env, "PATH": os.environ["PATH"]}, json.loads(inside(entrypoint)))


def test_only_known_steps_are_taken() -> None:
    words = [line.partition(" ")[0] for line in LINES]

    assert words[0] == "FROM"
    assert set(words) == {"FROM", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT"}
    assert all(step.startswith("python3 -m compileall ") for step in values("RUN")), "a build needs no network"


def test_base_command_and_environment_are_those_of_the_pods() -> None:
    container = agent_container(name="x", image="x", args=[], mounts=[], user=1, pull_secret=None, sources={})

    assert values("FROM") == [InitLoader(type="init").image]
    assert [json.loads(text) for text in values("ENTRYPOINT")] == [container["command"]]
    env = dict(pair.split("=", 1) for pair in " ".join(values("ENV")).split())
    assert {entry["name"]: entry["value"] for entry in container["env"]} == env


def test_user_is_a_number_and_not_root() -> None:
    (user,) = values("USER")

    assert all(part.isdigit() and int(part) > 0 for part in user.split(":"))


def test_holds_what_the_config_map_holds(image: Image) -> None:
    copied = {path.name: path.read_text() for path in (image.root / "opt/slipway/agent").glob("*.py")}

    assert copied == files()
    compiled = {path.name.split(".")[0] for path in (image.root / "opt/slipway/agent/__pycache__").glob("*.pyc")}
    assert compiled == {name.removesuffix(".py") for name in copied}


def test_starts(image: Image) -> None:
    done = image.run("once", "--help")

    assert done.returncode == 0, done.stderr
    assert "--reference" in done.stdout


def test_loads(image: Image, tmp_path: Path, registry: FakeRegistry) -> None:
    reference = f"{registry.host}/ns/kit@{small_kit(registry)}"
    words = ["--source", "modelkit", "--reference", reference, "--into", str(tmp_path / "models"), "--plain-http"]

    done = image.run("once", *words)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "models/current/README.md").is_file()
    assert image.run("once").returncode == 2
