"""ModelKits made by the real ``kit``: our tree must be the one that ``kit unpack`` wrote."""

import json
import tarfile
from pathlib import Path
from typing import Final, cast

import pytest

from tests.components.loaders.agent.agent_process import once
from tests.components.loaders.agent.conftest import Agent, Pull
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import tree_of
from tests.components.loaders.agent.real_registry import RealRegistry

KITS: Final = Path(__file__).parents[5] / "shared" / "modelkits"

pytestmark = pytest.mark.skipif(
    not KITS.is_dir(), reason="the ModelKits made by the real kit are not beside this clone (shared/modelkits)"
)

Expected = dict[str, dict[str, str]]


def expected() -> dict[str, dict[str, object]]:
    """Return what the real tool wrote."""
    return json.loads((KITS / "expected.json").read_text())


def push(registry: FakeRegistry, name: str) -> dict[str, object]:
    """Push one OCI layout and return what is expected of it."""
    kit = expected()[name]
    with tarfile.open(KITS / f"{name}.tar") as layout:
        for member in layout.getmembers():
            content = layout.extractfile(member)
            if member.isfile() and member.name.startswith("blobs/") and content is not None:
                registry.add_blob(content.read())
    manifest = registry.blobs[str(kit["digest"])]
    registry.add_manifest(str(kit["repository"]), manifest, str(kit["tag"]))
    return kit


def flat(kit: dict[str, object]) -> dict[str, tuple[str, int]]:
    """Return the expected tree in the form of ``tree_of``."""
    tree = cast("Expected", kit["tree"])
    return {path: (entry["sha256"], int(entry["mode"], 8)) for path, entry in tree.items()}


@pytest.mark.parametrize("name", ["base", "base-gzip"])
def test_same_tree(tmp_path: Path, registry: FakeRegistry, agent: Agent, name: str) -> None:
    kit = push(registry, name)

    run = agent(str(kit["digest"]), tmp_path, repository=str(kit["repository"]))

    assert run.code == 0, run.text
    assert tree_of(tmp_path / "current") == flat(kit)


def test_same_tree_with_a_parent_kit(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    parent, kit = push(registry, "base"), push(registry, "tuned")
    mirror = f"localhost:5001=http://{registry.host}"

    run = agent(str(kit["digest"]), tmp_path, "--mirror", mirror, repository=str(kit["repository"]))

    assert run.code == 0, run.text
    assert tree_of(tmp_path / "current") == flat(kit)
    assert run.last("plan")["resolved"] == {"localhost:5001/fixtures/base:2.1.0": parent["digest"]}


@pytest.mark.parametrize("name", ["base", "base-gzip", "tuned"])
def test_same_tree_from_a_real_registry(tmp_path: Path, real_registry: RealRegistry, pull: Pull, name: str) -> None:
    made = FakeRegistry()
    kit, parent = push(made, name), push(made, "base")
    real_registry.push(made)
    repository = str(kit["repository"])
    words = once(real_registry.host, str(kit["digest"]), tmp_path, repository=repository)

    run = pull(*words, "--mirror", f"localhost:5001=http://{real_registry.host}")

    assert run.code == 0, run.text
    assert tree_of(tmp_path / "current") == flat(kit)
    resolved = {"localhost:5001/fixtures/base:2.1.0": parent["digest"]} if name == "tuned" else {}
    assert run.last("plan")["resolved"] == resolved


@pytest.mark.parametrize(
    ("filters", "paths"),
    [
        (["model"], ["model/config.json", "model/tokenizer.json", "model/weights/part-00001.safetensors",
                     "model/weights/part-00002.safetensors"]),
        (["datasets:train,docs"], ["data/train.csv"]),
        (["datasets:train", "docs"], ["README.md", "data/train.csv"]),
        (["kitfile,code"], ["Kitfile", "code/lib/run.py", "code/run.sh"]),
        (["model:tokenizer"], ["model/tokenizer.json"]),
    ],
)  # fmt: skip
def test_filters(tmp_path: Path, registry: FakeRegistry, agent: Agent, filters: list[str], paths: list[str]) -> None:
    kit = push(registry, "base")
    flags = [word for value in filters for word in ("--filter", value)]

    run = agent(str(kit["digest"]), tmp_path, *flags, repository=str(kit["repository"]))

    assert run.code == 0, run.text
    assert sorted(tree_of(tmp_path / "current")) == paths
