"""Credentials of sources: the file the agent reads, and that they stay secret."""

from base64 import b64decode
from pathlib import Path

import pulumi
import pytest

from components.loaders.agent.awscredentials import AwsCredentialsFile
from components.loaders.agent.bearer import BearerFile
from components.loaders.node_cache_component import NodeCache, NodeCacheArgs
from components.loaders.node_cache_pods import CachedModel, CachePool
from components.loaders.source_secret import SourceSecret, SourceSecretArgs, credentials_text, needs_secret
from stacks.spec.source import AgentSource
from tests.components.loader_samples import ON_GPU_NODES
from tests.components.loaders.test_source_args import CLAIM, HUB, S3, WEB
from tests.components.model_samples import ARTIFACT, KIT
from tests.mocks import Recorded, Secret, deploy

CANARY = "s3cret-canary"
VALUES = {"keyId": "AKIDEXAMPLE", "keySecret": f"{CANARY}/+=%;#", "hubToken": f"{CANARY}-hub", "filesToken": CANARY}


def secrets() -> dict[str, pulumi.Output[str]]:
    config = pulumi.Config("slipway")
    return {key: config.require_secret(key) for key in VALUES}


def made_for(source: AgentSource) -> Recorded:
    def program() -> None:
        SourceSecret("qwen", SourceSecretArgs(source=source, secrets=secrets(), namespace="models"))

    config = {f"slipway:{key}": value for key, value in VALUES.items()}
    return deploy(program, config=config, secrets=tuple(config))


def test_only_named_keys_make_a_secret() -> None:
    assert [needs_secret(source) for source in (S3, HUB, WEB, CLAIM, KIT, ARTIFACT)] == [True] * 3 + [False] * 3
    assert not needs_secret(S3.model_copy(update={"credentials": None}))
    assert not needs_secret(HUB.model_copy(update={"token_key": None}))


def test_the_agent_reads_the_files(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text(credentials_text(S3, VALUES))
    pair = AwsCredentialsFile(file).read()
    assert pair is not None
    assert (pair.access_key_id, pair.secret_access_key) == (VALUES["keyId"], VALUES["keySecret"])

    file.write_text(credentials_text(WEB, {"filesToken": f" {CANARY}\n"}))  # as it comes out of a file
    assert BearerFile(file).headers() == {"Authorization": f"Bearer {CANARY}"}


@pytest.mark.parametrize("source", [S3, HUB, WEB], ids=lambda source: source.type)
def test_credentials_reach_the_secret_encoded_and_secret(source: AgentSource) -> None:
    recorded = made_for(source)
    made = recorded.one("kubernetes:core/v1:Secret", "qwen-source")

    encoded = made.inputs["data"]["credentials"]
    assert isinstance(encoded, Secret)
    assert b64decode(encoded.value).decode() == credentials_text(source, VALUES)
    assert made.options["additionalSecretOutputs"] == ["data", "stringData"]
    assert "immutable" not in made.inputs  # a rotation changes it in place
    assert CANARY not in repr(recorded)  # in the Secret it is there in base64 only


def test_the_cache_has_the_credentials_in_its_own_namespace() -> None:
    pool = CachePool(
        pool="l20",
        nodes=ON_GPU_NODES,
        image="docker.io/library/python:3.14-slim",
        models=(CachedModel(name="qwen", source=WEB), CachedModel(name="bge", source=ARTIFACT)),
    )

    def program() -> None:
        args = NodeCacheArgs(
            namespace="models",
            pools=(pool,),
            kubernetes_version=(1, 34),
            credentials=None,
            secrets=secrets(),
            cidrs=(),
            monitoring_namespace=None,
        )
        NodeCache("node-cache", args)

    config = {f"slipway:{key}": value for key, value in VALUES.items()}
    recorded = deploy(program, config=config, secrets=tuple(config))

    made = recorded.one("kubernetes:core/v1:Secret", "qwen-source")
    assert made.inputs["metadata"]["namespace"] == "models-node-cache"
    daemon_set = recorded.one("kubernetes:apps/v1:DaemonSet", "node-cache-l20")
    assert made.urn in daemon_set.dependencies
    (container,) = daemon_set.inputs["spec"]["template"]["spec"]["containers"]
    paths = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert paths["qwen-source"] == "/run/slipway/source/qwen"
    assert (
        f"{paths['qwen-source']}/credentials"
        in recorded.one("kubernetes:core/v1:ConfigMap", "node-cache-l20").inputs["data"]["models.json"]
    )
    assert CANARY not in repr(recorded)
