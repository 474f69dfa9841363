"""Plugins in Python through the real engine: dynamic providers, policy packs; and ``pulumi install``."""

import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.rehearsal.language_host.project import Project, contains_all

pytestmark = pytest.mark.engine

BOX = """
import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult


class BoxProvider(ResourceProvider):
    serialize_as_secret_always = False

    def diff(self, _id, olds, news):
        return DiffResult(changes=olds["size"] != news["size"])

    def create(self, props):
        return CreateResult("box", {"size": props["size"], "token": "only-the-owner-knows"})

    def update(self, _id, olds, news):
        return UpdateResult({**olds, "size": news["size"]})

    def delete(self, _id, props):
        assert props["token"] == "only-the-owner-knows"


class Box(Resource, module="sample", name="Box"):
    token: pulumi.Output[str]

    def __init__(self, name, size):
        options = pulumi.ResourceOptions(additional_secret_outputs=["token"])
        super().__init__(BoxProvider(), name, {"size": size, "token": None}, options)
"""
PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


def small(args, report):
    if args.props.get("size", 0) > 10:
        report("this box is over 10")


PolicyPack("boxes", [ResourceValidationPolicy("small", "boxes are small", small)], EnforcementLevel.MANDATORY)
"""


def program(size: int) -> str:
    return (
        f"import pulumi\nfrom parts.box import Box\nbox = Box('one', {size})\n"
        "pulumi.export('id', box.id)\npulumi.export('token', box.token)\n"
    )


def test_a_dynamic_provider_of_an_importable_module_lives_its_whole_life(project: Project) -> None:
    project.write(BOX, "parts/box.py")
    project.write(program(1))

    created = project.pulumi("up", "--yes", "--skip-preview")

    assert contains_all(created, ["+ 2 created", "[secret]"])
    assert "only-the-owner-knows" not in created + project.state()
    assert "2 unchanged" in project.pulumi("preview", "--expect-no-changes")
    project.write(program(2))
    assert "~ 1 updated" in project.pulumi("up", "--yes", "--skip-preview")
    assert "2 unchanged" in project.pulumi("refresh", "--yes", "--skip-preview")
    assert "- 2 deleted" in project.pulumi("destroy", "--yes", "--skip-preview")


@pytest.mark.skipif(find_spec("pulumi_policy") is None, reason="pulumi-policy is not installed here")
def test_a_policy_pack_judges_a_program(project: Project) -> None:
    project.write(BOX, "parts/box.py")
    environment = Path(sys.executable).parent.parent
    project.write(
        f"version: 0.0.1\nruntime:\n  name: python\n  options:\n    virtualenv: {environment}\n",
        "pack/PulumiPolicy.yaml",
    )
    project.write(PACK, "pack/__main__.py")
    project.write(program(1))
    assert "boxes@v0.0.1" in project.pulumi("preview", "--policy-pack", "pack")

    project.write(program(11))
    output = project.pulumi("preview", "--policy-pack", "pack", fails=True)

    assert contains_all(output, ["[mandatory]", "this box is over 10"])
    assert project.processes_after(1) == []


def test_install_makes_the_environment_and_tells_what_failed(tmp_path: Path, engine: Path) -> None:
    project = Project.create(tmp_path, engine, virtualenv="fresh")
    project.write("")
    wheel(project.root / "tiny-1.0-py3-none-any.whl")
    project.write("./tiny-1.0-py3-none-any.whl\n", "requirements.txt")

    project.pulumi("install")

    site = next((project.root / "fresh").glob("lib/python3.*/site-packages"))
    assert (site / "tiny.py").is_file()
    project.write("./absent.whl\n", "requirements.txt")
    assert contains_all(project.pulumi("install", fails=True), ["absent.whl", "requirements.txt", "exit code 1"])


def wheel(path: Path) -> None:
    """Write the smallest wheel there is."""
    info = "tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
