"""The stand-in through the real engine."""

import json
from importlib import metadata
from pathlib import Path

import pytest

from tests.rehearsal.language_host.project import CLONE, Project, contains_all, engine_folder

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi, pulumi_random as random
keepers = {"version": pulumi.Config().require("version")}
pet = random.RandomPet("pet", keepers=keepers)
password = random.RandomPassword("password", length=20, keepers={"pet": pet.id})
pulumi.export("pet", pet.id)
pulumi.export("password", password.result)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose engine finds the stand-in."""
    project = Project.create(tmp_path, engine_folder(tmp_path / "bin"))
    plugin = tmp_path / "home/plugins" / f"resource-random-v{metadata.version('pulumi-random')}"
    plugin.mkdir(parents=True)
    code = (
        f"import sys; sys.path.insert(0, {str(CLONE)!r}); "
        "from rehearsal.providers.random.__main__ import start; start()"
    )
    launcher = plugin / "pulumi-resource-random"
    launcher.write_text(f'#!/bin/sh\nexec {CLONE}/.venv/bin/python -P -c "{code}" "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)
    return project


def test_a_value_is_made_once_and_replaced_with_its_keepers(project: Project) -> None:
    project.write(PROGRAM)
    project.pulumi("config", "set", "version", "1")
    created = project.pulumi("up", "--yes")
    assert contains_all(created, ["+ 3 created", "[unknown]", "[secret]"])
    first = json.loads(project.pulumi("stack", "output", "--json", "--show-secrets"))
    assert first["password"] not in created + project.state()

    assert "3 unchanged" in project.pulumi("preview", "--expect-no-changes")
    assert "3 unchanged" in project.pulumi("refresh", "--yes", "--skip-preview")
    project.pulumi("config", "set", "version", "2")
    assert "+-2 replaced" in project.pulumi("up", "--yes")

    second = json.loads(project.pulumi("stack", "output", "--json", "--show-secrets"))
    assert second["pet"] != first["pet"]
    assert second["password"] != first["password"]
    assert "- 3 deleted" in project.pulumi("destroy", "--yes", "--skip-preview")


def test_a_wrong_input_is_refused_before_anything_is_made(project: Project) -> None:
    project.write(
        "import pulumi, pulumi_random as random\n"
        "pulumi.CustomResource('random:index/randomString:RandomString', 'one', {'lenght': 3},\n"
        "    pulumi.ResourceOptions(version='4.21.4'))\n"
    )

    output = project.pulumi("preview", fails=True)

    assert contains_all(output, ["did you mean length?", "RandomString needs length: an integer"])
