"""Who the agent says it is, to whom, and what it never says."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from components.loaders.agent.blob import Body
from components.loaders.agent.challenge import parse_challenges
from components.loaders.agent.credentials import Credentials, DockerConfig
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import AuthError
from components.loaders.agent.registryblob import RegistryBlob
from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import small_kit, tree_of


def docker_config(path: Path, host: str, user: str = "puller", password: str = "right-password") -> Path:  # noqa: S107  # of the fake only
    """Write a dockerconfigjson file as Kubernetes mounts it."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    path.write_text(json.dumps({"auths": {host: {"auth": pair}}}))
    return path


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_pull_with_credentials(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, auth: Literal["basic", "bearer"]
) -> None:
    registry.auth = auth
    config = docker_config(tmp_path / "config.json", registry.host)

    run = agent(small_kit(registry), tmp_path / "models", "--registry-config", str(config))

    assert run.code == 0, run.text
    assert len(tree_of(tmp_path / "models/current")) == 7
    assert "right-password" not in run.text
    assert "Authorization" not in run.text


def test_token_is_used_again(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    registry.auth = "bearer"
    config = docker_config(tmp_path / "config.json", registry.host)

    agent(small_kit(registry), tmp_path / "models", "--registry-config", str(config), "--parallel", "1")

    assert len(registry.tokens) == 1


def test_token_that_ran_out_is_renewed(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.auth = "bearer"
    config = docker_config(tmp_path / "config.json", registry.host)
    opened = RegistryBlob.open

    def expire(self: RegistryBlob, offset: int) -> Body:
        registry.tokens = {f"unused-{len(registry.tokens)}"}
        return opened(self, offset)

    monkeypatch.setattr(RegistryBlob, "open", expire)

    assert agent(small_kit(registry), tmp_path / "m", "--registry-config", str(config)).code == 0


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_refused_credentials(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, auth: Literal["basic", "bearer"]
) -> None:
    registry.auth = auth
    config = docker_config(tmp_path / "config.json", registry.host, password="canary-secret")  # noqa: S106  # of this test

    run = agent(small_kit(registry), tmp_path / "models", "--registry-config", str(config))

    assert run.code == 4
    assert "canary-secret" not in run.text
    assert base64.b64encode(b"puller:canary-secret").decode() not in run.text


def test_missing_credentials_are_named(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    registry.auth = "basic"

    run = agent(small_kit(registry), tmp_path)

    assert run.code == 4
    assert f"has none for {registry.host}/ns/kit" in run.why


def test_rotated_secret_is_used_without_a_restart(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.auth = "bearer"
    config = docker_config(tmp_path / "config.json", registry.host, password="old")  # noqa: S106  # of this test

    def rotate(_self: Deadline, _seconds: float) -> None:
        docker_config(config, registry.host)

    monkeypatch.setattr(Deadline, "sleep", rotate)

    run = agent(small_kit(registry), tmp_path / "models", "--registry-config", str(config))

    assert run.code == 0, run.text
    assert run.last("retry")["failures"] == 1


def test_credentials_stay_with_the_registry_on_a_redirect(
    tmp_path: Path, make_registry: Callable[[], FakeRegistry], registry: FakeRegistry, agent: Agent
) -> None:
    registry.auth = "basic"
    storage = make_registry()
    digest = small_kit(registry)
    storage.blobs = registry.blobs
    registry.redirect_to = storage
    config = docker_config(tmp_path / "config.json", registry.host)

    run = agent(digest, tmp_path / "models", "--registry-config", str(config))

    assert run.code == 0, run.text
    assert {authorization for _, _, authorization, _ in storage.requests} == {""}
    assert "signature" not in run.text


def test_credentials_go_to_the_mirror_only_if_they_are_the_mirrors(
    tmp_path: Path, registry: FakeRegistry, agent: Agent
) -> None:
    registry.auth = "basic"
    digest = small_kit(registry)
    config = docker_config(tmp_path / "config.json", "elsewhere.example")
    mirror = f"{registry.host}=http://{registry.host}"

    run = agent(digest, tmp_path / "m", "--registry-config", str(config), "--mirror", mirror)

    assert run.code == 4
    assert {authorization for _, _, authorization, _ in registry.requests} == {""}


@pytest.mark.parametrize(
    ("key", "host", "repository", "found"),
    [
        ("registry.example", "registry.example", "a/b", True),
        ("https://registry.example/v2/", "registry.example", "a/b", True),
        ("registry.example/a", "registry.example", "a/b", True),
        ("registry.example/a", "registry.example", "ab/c", False),
        ("registry.example", "registry.example:5000", "a/b", False),
        ("registry.example", "evil-registry.example", "a/b", False),
        ("https://index.docker.io/v1/", "docker.io", "library/a", True),
    ],
)
def test_lookup(tmp_path: Path, key: str, host: str, repository: str, *, found: bool) -> None:
    config = DockerConfig(docker_config(tmp_path / "c", key))

    assert (config.lookup(host, repository) is not None) == found


def test_longest_key_wins(tmp_path: Path) -> None:
    file = tmp_path / "c"
    auths = {"r.example": {"username": "all", "password": "1"}, "r.example/team": {"username": "team", "password": "2"}}
    file.write_text(json.dumps({"auths": auths}))

    assert DockerConfig(file).lookup("r.example", "team/model") == Credentials(username="team", password="2")  # noqa: S106  # of this test


@pytest.mark.parametrize("content", ["", "[]", '{"auths": {"r.example": {"auth": "canary!"}}}', '{"auths": 3}'])
def test_broken_file_is_said_without_its_content(tmp_path: Path, content: str) -> None:
    file = tmp_path / "c"
    file.write_text(content)

    with pytest.raises(AuthError) as caught:
        DockerConfig(file).lookup("r.example", "a")

    assert "canary" not in str(caught.value)


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(AuthError, match="mount the pull secret there"):
        DockerConfig(tmp_path / "none").lookup("r.example", "a")


def test_secrets_do_not_show_in_a_repr() -> None:
    assert "canary" not in repr(Credentials(username="u", password="canary", identity_token="canary"))  # noqa: S106  # of this test


def test_challenges() -> None:
    header = (
        'Bearer realm="https://a.example/t?x=1,2",service="s \\"q\\"", scope="repository:a:pull", Basic realm=plain'
    )

    bearer, basic = parse_challenges(header)

    assert (bearer.scheme, basic.scheme) == ("bearer", "basic")
    assert bearer.parameters == {"realm": "https://a.example/t?x=1,2", "service": 's "q"', "scope": "repository:a:pull"}
    assert basic.parameters == {"realm": "plain"}
