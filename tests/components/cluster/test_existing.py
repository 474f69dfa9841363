"""Where the kubeconfig of an existing cluster comes from."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.cluster.dispatch import Cluster, ClusterArgs
from stacks.spec.cluster import ExistingCluster
from tests.mocks import Recorded, Secret, deploy

PROVIDER = "pulumi:providers:kubernetes"
CONFIG = {"slipway:prodKubeconfig": "from-key"}


def existing(kubeconfig: dict[str, Any], **keys: Any) -> ExistingCluster:  # noqa: ANN401 - any key of the section
    whole = {"type": "existing", "kubeconfig": kubeconfig, "identifier": "cls-1", "kubernetesVersion": "1.32", **keys}
    return ExistingCluster.model_validate(whole)


def run(spec: ExistingCluster) -> Recorded:
    def program() -> None:
        key = pulumi.Config("slipway").get_secret("prodKubeconfig")
        secrets = {} if key is None else {"prodKubeconfig": key.apply(str)}
        Cluster("cluster", ClusterArgs(spec=spec, secrets=secrets))

    def respond(_type: str, _name: str, _inputs: dict[str, Any]) -> dict[str, Any]:
        return {"outputs": {"admin": "from-stack"}, "secretOutputNames": []}

    return deploy(program, config=CONFIG, secrets=tuple(CONFIG), respond=respond)


def test_from_a_secret_key() -> None:
    provider = run(existing({"type": "key", "key": "prodKubeconfig"})).one(PROVIDER, "cluster")
    assert provider.inputs == {
        "clusterIdentifier": "cls-1",
        "enableConfigMapMutable": "true",
        "enablePatchForce": "true",
        "enableSecretMutable": "true",
        "kubeconfig": Secret("from-key"),
    }


def test_from_a_file_its_contents_are_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubeconfig").write_text("from-file")
    monkeypatch.setenv("HOME", str(tmp_path))
    spec = existing({"type": "file", "path": "~/kubeconfig"}, context="admin")
    inputs = run(spec).one(PROVIDER).inputs
    assert (inputs["kubeconfig"], inputs["context"]) == (Secret("from-file"), "admin")


def test_from_another_stack() -> None:
    source = {"type": "stack", "stack": "organization/infra/prod", "output": "admin"}
    recorded = run(existing(source))
    assert [read.options["id"] for read in recorded.reads] == ["organization/infra/prod"]
    assert recorded.one(PROVIDER).inputs["kubeconfig"] == Secret("from-stack")


def test_missing_key_names_the_command_that_sets_it() -> None:
    with pytest.raises(ValueError, match="pulumi config set --secret slipway:otherKey"):
        run(existing({"type": "key", "key": "otherKey"}))


def test_missing_file_is_named_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "no-such-file"
    with pytest.raises(ValueError, match=r"the kubeconfig .*no-such-file cannot be read: No such file"):
        run(existing({"type": "file", "path": str(path)}))


@pytest.mark.parametrize(("content", "why"), [(b" \n", "is empty"), (b"\xff\xfe", "it is not UTF-8 text")])
def test_file_without_a_kubeconfig_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=why):
        run(existing({"type": "file", "path": str(path)}))
