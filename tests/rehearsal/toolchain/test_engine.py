"""The real tools of this machine, after `make setup`."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain import bindir
from rehearsal.toolchain.envfile import environment
from rehearsal.toolchain.paths import Paths
from rehearsal.toolchain.probe import version_of
from rehearsal.toolchain.tools import find_tool
from rehearsal.toolchain.versions import NEEDED, TOOLS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine

_PROGRAM = """
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def create(self, props):
        return CreateResult("made", {})

class Thing(Resource):
    pass

pulumi.export("id", Thing(Provider(), "thing", {}).id)
"""


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_every_tool_answers_with_a_version_that_suits(name: str) -> None:
    version = version_of(TOOLS[name][1], find_tool(name))
    assert version
    assert TOOLS[name][1].suits(version)


def test_the_engine_finds_its_host_and_plugins_without_a_warning(tmp_path: Path) -> None:
    real = Paths.from_environment()
    mine = Paths(clone=real.clone, home=tmp_path / "home", cache=real.cache)
    (tmp_path / "Pulumi.yaml").write_text("name: trivial\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(_PROGRAM)
    (tmp_path / "home" / "state").mkdir(parents=True)
    bindir.fill(mine, {name: find_tool(name) for name in TOOLS})
    env = environment(mine, automatic_plugins=False)

    def pulumi(*words: str) -> str:
        command = [str(mine.bin / "pulumi"), *words, "--non-interactive"]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    said = pulumi("stack", "init", "test") + pulumi("up", "--yes") + pulumi("destroy", "--yes")
    assert '"made"' in said
    assert "$PATH" not in said
    assert "warning" not in said.lower()
