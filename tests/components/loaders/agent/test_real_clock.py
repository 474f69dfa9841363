"""Clocks that differ: certificates of another time and tokens of another hour, at a real registry."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.components.loaders.agent.agent_process import once, run_agent
from tests.components.loaders.agent.certificates import PrivateAuthority
from tests.components.loaders.agent.conftest import Pull, StartRegistry, is_untouched
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import small_kit
from tests.components.loaders.agent.test_auth import docker_config
from tests.components.loaders.agent.token_server import StandInTokenServer


@pytest.mark.parametrize(
    ("valid_from", "valid_for", "said"),
    [
        (timedelta(hours=-3), timedelta(hours=2), "certificate has expired"),
        (timedelta(hours=1), timedelta(hours=2), "certificate is not yet valid"),
    ],
)
def test_certificate_of_another_time_names_the_clock_and_is_not_tried_again(
    tmp_path: Path, start_registry: StartRegistry, valid_from: timedelta, valid_for: timedelta, said: str
) -> None:
    authority = PrivateAuthority(tmp_path / "authority")
    registry = start_registry({}, authority.server(valid_from=valid_from, valid_for=valid_for))
    words = [word for word in once(registry.host, f"sha256:{'0' * 64}", tmp_path / "m") if word != "--plain-http"]

    run = run_agent(*words, "--ca-file", str(authority.file))

    assert run.code == 11, run.text
    assert said in run.why
    assert "this machine's clock" in run.why
    assert [line["event"] for line in run.lines] == ["failed"]
    assert run.seconds < 10
    assert is_untouched(tmp_path / "m")


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[StandInTokenServer]:
    """A stand-in of a token server."""
    server = StandInTokenServer(tmp_path).start()
    yield server
    server.stop()


@pytest.mark.parametrize(("ahead_seconds", "code"), [(3600, 4), (-3600, 4), (30, 0)])
def test_token_server_whose_clock_differs_from_the_registrys(
    tmp_path: Path,
    start_registry: StartRegistry,
    tokens: StandInTokenServer,
    pull: Pull,
    ahead_seconds: float,
    code: int,
) -> None:
    """A minute is borne by the registry, an hour is not: the token's ``nbf`` lies ahead, or its ``exp`` behind."""
    made = FakeRegistry()
    digest = small_kit(made)
    registry = start_registry(tokens.auth())
    writer = tokens.token(("ns/kit", ["pull", "push"]))
    registry.headers = {"Authorization": f"Bearer {writer}"}
    registry.push(made)
    tokens.ahead_seconds = ahead_seconds
    config = docker_config(tmp_path / "config.json", registry.host)

    run = pull(*once(registry.host, digest, tmp_path / "m", "--registry-config", str(config)))

    assert run.code == code, run.text
    if code:
        assert "compare the clocks" in run.why
        assert len(tokens.asked) == 3  # as often as refused credentials, in all
        assert is_untouched(tmp_path / "m")
