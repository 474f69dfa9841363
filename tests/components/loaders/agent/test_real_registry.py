"""The agent against a real registry: anonymous, users, tokens, TLS, and credentials that run out and are rotated."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from components.loaders.agent.deadline import Deadline
from tests.components.loaders.agent.agent_process import once, run_agent
from tests.components.loaders.agent.certificates import PrivateAuthority
from tests.components.loaders.agent.conftest import Pull, StartRegistry
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import noise, push_artifact, small_kit, tree_of
from tests.components.loaders.agent.real_registry import RealRegistry
from tests.components.loaders.agent.tcp_proxy import TcpProxy
from tests.components.loaders.agent.test_auth import docker_config
from tests.components.loaders.agent.token_server import StandInTokenServer


def set_password(users: Path, password: str) -> dict[str, object]:
    """Write the registry's file of users, as ``htpasswd -B`` would, and return the ``auth`` section for it."""
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()
    users.write_text(f"puller:{hashed}\n")
    return {"htpasswd": {"realm": "of this test", "path": str(users)}}


def basic(password: str) -> dict[str, str]:
    """Return the header of a push."""
    return {"Authorization": "Basic " + base64.b64encode(f"puller:{password}".encode()).decode()}


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[StandInTokenServer]:
    """A stand-in of a token server."""
    server = StandInTokenServer(tmp_path).start()
    yield server
    server.stop()


def test_anonymous_and_without_any_registry_afterwards(tmp_path: Path, start_registry: StartRegistry) -> None:
    made = FakeRegistry()
    digest = small_kit(made, packed=True)
    registry = start_registry()
    registry.push(made)
    words = once(registry.host, digest, tmp_path / "models")

    assert run_agent(*words).code == 0

    assert len(tree_of(tmp_path / "models/current")) == 7
    assert (tmp_path / "models/current/model/weights.bin").read_bytes() == noise(300_000)
    registry.stop()
    assert run_agent(*words).code == 0  # nothing is asked of it any more


def test_user_and_password(tmp_path: Path, start_registry: StartRegistry, pull: Pull) -> None:
    made = FakeRegistry()
    digest = small_kit(made)
    registry = start_registry(set_password(tmp_path / "users", "right-password"))
    registry.headers = basic("right-password")
    registry.push(made)
    config = docker_config(tmp_path / "config.json", registry.host)

    anonymous = pull(*once(registry.host, digest, tmp_path / "anonymous"))
    known = pull(*once(registry.host, digest, tmp_path / "models", "--registry-config", str(config)))

    assert anonymous.code == 4
    assert known.code == 0, known.text
    assert len(tree_of(tmp_path / "models/current")) == 7


def test_password_that_no_longer_holds_keeps_the_old_model_until_it_is_rotated(
    tmp_path: Path, start_registry: StartRegistry, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    users, into = tmp_path / "users", tmp_path / "models"
    registry = start_registry(set_password(users, "old-canary"))
    registry.headers = basic("old-canary")
    made = FakeRegistry()
    old, new = small_kit(made, weights=noise(1000, 1)), small_kit(made, weights=noise(1000, 2))
    registry.push(made)
    config = docker_config(tmp_path / "config.json", registry.host, password="old-canary")  # noqa: S106  # of this test
    flags = ("--registry-config", str(config))
    assert pull(*once(registry.host, old, into, *flags)).code == 0
    before = tree_of(into / "current")
    set_password(users, "new-canary")

    refused = pull(*once(registry.host, new, into, *flags))

    assert refused.code == 4
    assert "renew" in refused.why or "may not pull" in refused.why
    assert "canary" not in refused.text
    assert tree_of(into / "current") == before
    assert pull(*once(registry.host, old, into, *flags)).code == 0  # what is there needs no registry

    def rotate(_self: Deadline, _seconds: float) -> None:
        docker_config(config, registry.host, password="new-canary")  # noqa: S106  # of this test

    monkeypatch.setattr(Deadline, "sleep", rotate)
    again = pull(*once(registry.host, new, into, *flags))  # the Secret changes while this very run pauses

    assert again.code == 0, again.text
    assert again.last("retry")["failures"] == 1
    assert (into / "current/model/weights.bin").read_bytes() == noise(1000, 2)


def guarded(tokens: StandInTokenServer, start: StartRegistry, made: FakeRegistry) -> RealRegistry:
    """Start a registry that trusts the token server, and push to it."""
    registry = start(tokens.auth())
    writer = tokens.token(("ns/kit", ["pull", "push"]))
    registry.headers = {"Authorization": f"Bearer {writer}"}
    registry.push(made)
    return registry


def test_token(tmp_path: Path, start_registry: StartRegistry, tokens: StandInTokenServer, pull: Pull) -> None:
    made = FakeRegistry()
    digest = small_kit(made)
    registry = guarded(tokens, start_registry, made)
    config = docker_config(tmp_path / "config.json", registry.host)

    anonymous = pull(*once(registry.host, digest, tmp_path / "anonymous"))
    tokens.asked.clear()
    known = pull(*once(registry.host, digest, tmp_path / "models", "--registry-config", str(config)))

    assert anonymous.code == 4
    assert known.code == 0, known.text
    assert len(tree_of(tmp_path / "models/current")) == 7
    assert tokens.asked == ["repository:ns/kit:pull"]  # one token for the manifest, the config and six layers


def test_token_that_runs_out_during_a_load_is_renewed(
    tmp_path: Path, start_registry: StartRegistry, tokens: StandInTokenServer, pull: Pull
) -> None:
    made = FakeRegistry()
    title = "org.opencontainers.image.title"
    layers = [("application/octet-stream", noise(200_000, number), {title: f"{number}"}) for number in range(4)]
    digest = push_artifact(made, "ns/kit", layers)
    registry = guarded(tokens, start_registry, made)
    slow = TcpProxy(registry.port, marker=b"/blobs/", bytes_per_second=250_000).start()
    config = docker_config(tmp_path / "config.json", slow.host)
    tokens.life_seconds = 2  # its end is a whole second, so it lives from one to two; the load takes over three
    flags = ("--registry-config", str(config), "--parallel", "1")

    run = pull(*once(slow.host, digest, tmp_path / "models", *flags, source="oci"))

    slow.stop()
    assert run.code == 0, run.text
    assert len(tokens.asked) >= 2
    assert [line for line in run.lines if line["level"] == "warning"] == []  # a token's end is no failure
    assert {name: sha for name, (sha, _) in tree_of(tmp_path / "models/current").items()} == {
        f"{number}": digest_of(noise(200_000, number)).removeprefix("sha256:") for number in range(4)
    }


def test_secret_of_the_token_server_that_is_rotated(
    tmp_path: Path,
    start_registry: StartRegistry,
    tokens: StandInTokenServer,
    pull: Pull,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = FakeRegistry()
    digest = small_kit(made)
    registry = guarded(tokens, start_registry, made)
    config = docker_config(tmp_path / "config.json", registry.host, password="old-canary")  # noqa: S106  # of this test
    words = once(registry.host, digest, tmp_path / "models", "--registry-config", str(config))

    refused = pull(*words)

    assert refused.code == 4
    assert "renew the pull secret" in refused.why
    assert "canary" not in refused.text

    def rotate(_self: Deadline, _seconds: float) -> None:
        docker_config(config, registry.host)

    monkeypatch.setattr(Deadline, "sleep", rotate)
    assert pull(*words).code == 0


def test_private_ca_for_registry_and_token_server(tmp_path: Path, start_registry: StartRegistry, pull: Pull) -> None:
    authority = PrivateAuthority(tmp_path / "authority")
    tokens = StandInTokenServer(tmp_path, tls=authority.server().context()).start()
    made = FakeRegistry()
    digest = small_kit(made)
    registry = start_registry(tokens.auth(), authority.server())
    writer = tokens.token(("ns/kit", ["pull", "push"]))
    registry.headers = {"Authorization": f"Bearer {writer}"}
    registry.push(made)
    config = docker_config(tmp_path / "config.json", registry.host)
    words = [word for word in once(registry.host, digest, tmp_path / "models") if word != "--plain-http"]

    run = pull(*words, "--registry-config", str(config), "--ca-file", str(authority.file))
    unknown = pull(*words[:-1], str(tmp_path / "other"), "--registry-config", str(config))

    tokens.stop()
    assert run.code == 0, run.text
    assert len(tree_of(tmp_path / "models/current")) == 7
    assert unknown.code == 11
    assert json.loads((tmp_path / f"models/.store/{digest.replace(':', '-')}.json").read_text())["key"]
