"""The pull secret, and that its credentials stay secret."""

import json
from base64 import b64decode

import pulumi
import pytest

from components.registry.pull_secret import PullSecret, PullSecretArgs, docker_config, render_secret
from tests.mocks import Recorded, Secret, deploy

CONFIG = {"slipway:user": "robot", "slipway:password": "s3cret-canary"}


def run() -> Recorded:
    def program() -> None:
        config = pulumi.Config("slipway")
        args = PullSecretArgs(
            server="registry.example.com:5000",
            username=config.require_secret("user"),
            password=config.require_secret("password"),
            namespace="models",
        )
        PullSecret("registry-pull", args)

    return deploy(program, config=CONFIG, secrets=("slipway:user", "slipway:password"))


def test_docker_config_has_one_entry_per_registry() -> None:
    assert json.loads(docker_config("registry.example.com:5000", "robot", "pass:word")) == {
        "auths": {
            "registry.example.com:5000": {
                "auth": "cm9ib3Q6cGFzczp3b3Jk",
                "password": "pass:word",
                "username": "robot",
            }
        }
    }


@pytest.mark.parametrize("server", ["docker.io", "index.docker.io"])
def test_docker_hub_is_also_found_under_its_historic_name(server: str) -> None:
    assert sorted(json.loads(docker_config(server, "a", "b"))["auths"]) == sorted(
        [server, "https://index.docker.io/v1/"]
    )


def test_secret_is_of_the_type_the_kubelet_reads() -> None:
    manifest = render_secret("registry-pull", "models", "e30=")
    assert manifest["type"] == "kubernetes.io/dockerconfigjson"
    assert manifest["data"] == {".dockerconfigjson": "e30="}
    assert manifest["metadata"]["name"] == "registry-pull"
    assert manifest["metadata"]["namespace"] == "models"
    assert "immutable" not in manifest


def test_credentials_reach_the_secret_encoded_and_secret() -> None:
    made = run().one("kubernetes:core/v1:Secret", "registry-pull")
    encoded = made.inputs["data"][".dockerconfigjson"]
    assert isinstance(encoded, Secret)
    entry = json.loads(b64decode(encoded.value))["auths"]["registry.example.com:5000"]
    assert (entry["username"], entry["password"]) == ("robot", "s3cret-canary")
    assert made.options["additionalSecretOutputs"] == ["data", "stringData"]


def test_nothing_else_carries_the_credentials() -> None:
    recorded = run()
    assert list(recorded.component_outputs.values()) == [{}]
    assert "s3cret-canary" not in repr(recorded)  # in the Secret it is there in base64 only
