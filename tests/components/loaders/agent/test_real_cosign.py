"""What the real cosign writes: kept answers of a registry it pushed to, and the program itself where it is there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.components.loaders.agent.conftest import Agent, Pull
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import push_artifact
from tests.components.loaders.agent.real_registry import RealRegistry

COSIGNED = Path(__file__).with_name("cosigned")
OFFLINE = ("--tlog-upload=false", "--use-signing-config=false", "--allow-http-registry", "--yes")
FORMS = {"classic": "--new-bundle-format=false", "bundle": "--new-bundle-format=true"}
CURVES = ("p256", "p384", "p521")


def serve(registry: FakeRegistry, name: str) -> str:
    """Let a fake registry answer as the real one did, and return the digest of what was signed."""
    kept = json.loads((COSIGNED / f"{name}.json").read_text())
    for text in kept["blobs"]:
        registry.add_blob(text.encode())
    for pointer, text in kept["manifests"].items():
        registry.add_manifest("ns/kit", text.encode(), pointer)
    return kept["signed"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("curve", CURVES)
def test_kept_signatures(tmp_path: Path, registry: FakeRegistry, agent: Agent, curve: str, form: str) -> None:
    digest = serve(registry, f"{curve}-{form}")
    words = ["--signature-kind", "cosign", "--signature-key"]

    wrong = str(COSIGNED / f"{'p384' if curve == 'p256' else 'p256'}.pub")
    assert agent(digest, tmp_path / "into", *words, wrong, source="oci").code == 13
    assert agent(digest, tmp_path / "into", *words, str(COSIGNED / f"{curve}.pub"), source="oci").code == 0
    assert (tmp_path / "into/current/weights.bin").read_bytes() == b"of a model"


@pytest.fixture
def cosign(tmp_path: Path) -> Path:
    """The program, and a key pair beside the test's files."""
    found = shutil.which("cosign")
    if found is None:
        pytest.skip("cosign is not on PATH; the forms are checked with what it wrote, in `cosigned`")
    run(Path(found), tmp_path, "generate-key-pair")
    return Path(found)


def run(cosign: Path, where: Path, *words: str) -> None:
    """Run the program without a network, a terminal or a home directory of anybody's."""
    environment = {**os.environ, "COSIGN_PASSWORD": "", "HOME": str(where)}
    done = subprocess.run([cosign, *words], cwd=where, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", FORMS)
def test_signed_by_the_program(
    tmp_path: Path, real_registry: RealRegistry, cosign: Path, pull: Pull, form: str
) -> None:
    made, repository = FakeRegistry(), f"cosign/{form}"
    title = {"org.opencontainers.image.title": "weights.bin"}
    digest = push_artifact(made, repository, [("application/octet-stream", form.encode(), title)])
    real_registry.push(made)
    reference = f"{real_registry.host}/{repository}@{digest}"
    words = ["once", "--source", "oci", "--reference", reference, "--into", str(tmp_path / "into"), "--plain-http"]
    words += ["--signature-kind", "cosign", "--signature-key", str(tmp_path / "cosign.pub")]
    assert pull(*words).code == 13

    run(cosign, tmp_path, "sign", "--key", "cosign.key", FORMS[form], *OFFLINE, reference)

    assert pull(*words).code == 0
    assert (tmp_path / "into/current/weights.bin").read_text() == form
