"""A tag that moves: asked without moving manifests, pulled by digest only."""

import json
from pathlib import Path
from typing import Literal

import pytest

from components.loaders.agent.arguments import ModelArguments, parse_arguments
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import DigestError, NetworkError, NotFoundError, UsageError
from components.loaders.agent.logs import Log
from components.loaders.agent.plan import Tracked
from components.loaders.agent.sources import tracked
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import push_artifact

TITLE = "org.opencontainers.image.title"
UNKNOWN = f"sha256:{'0' * 64}"


def push(registry: FakeRegistry, text: str, *tags: str) -> str:
    """Push one file and return the manifest's digest."""
    return push_artifact(registry, "ns/kit", [("x/y", text.encode(), {TITLE: "file"})], *tags)


def follow(registry: FakeRegistry, tail: str = ":prod", *more: str) -> Tracked:
    words = ["watch", "--source", "oci", "--reference", f"{registry.host}/ns/kit{tail}", "--into", "/models"]
    arguments = parse_arguments([*words, "--plain-http", *more])
    assert isinstance(arguments, ModelArguments)
    return tracked(arguments.source, Log())


def test_unchanged_look_moves_no_manifest(registry: FakeRegistry) -> None:
    digest = push(registry, "one", "prod")
    name = follow(registry)

    latest = name.latest("", Deadline(30))

    assert latest is not None
    assert (latest.token, latest.source.key) == (digest, digest.replace(":", "-"))
    assert latest.reference == f"{registry.host}/ns/kit:prod@{digest}"
    assert name.latest(latest.token, Deadline(30)) is None
    assert [method for method, *_ in registry.requests] == ["HEAD", "HEAD"]
    assert registry.sent_manifests == 0


def test_the_pin_in_the_reference_does_not_matter(registry: FakeRegistry) -> None:
    digest = push(registry, "one", "prod")

    latest = follow(registry, f":prod@{UNKNOWN}").latest("", Deadline(30))

    assert latest is not None
    assert latest.token == digest


def test_moved_and_moved_back(registry: FakeRegistry) -> None:
    first = push(registry, "one", "prod")
    name = follow(registry)
    second = push(registry, "two", "prod")

    moved = name.latest(first, Deadline(30))
    push(registry, "one", "prod")
    back = name.latest(second, Deadline(30))

    assert moved is not None
    assert back is not None
    assert (moved.token, back.token) == (second, first)


def test_deleted(registry: FakeRegistry) -> None:
    digest = push(registry, "one", "prod")
    del registry.manifests["ns/kit", "prod"]

    with pytest.raises(NotFoundError):
        follow(registry).latest(digest, Deadline(30))


def test_registry_that_tells_no_digest(registry: FakeRegistry) -> None:
    digest = push(registry, "one", "prod")
    registry.faults.no_digest_header = True
    name = follow(registry)

    latest = name.latest("", Deadline(30))

    assert latest is not None
    assert latest.token == digest
    assert name.latest(digest, Deadline(30)) is None


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_with_credentials(registry: FakeRegistry, tmp_path: Path, auth: Literal["basic", "bearer"]) -> None:
    digest = push(registry, "one", "prod")
    registry.auth = auth
    config = tmp_path / "config.json"
    entry = {"username": registry.user, "password": registry.password}
    config.write_text(json.dumps({"auths": {registry.host: entry}}))

    latest = follow(registry, ":prod", "--registry-config", str(config)).latest("", Deadline(30))

    assert latest is not None
    assert latest.token == digest


def test_one_attempt(registry: FakeRegistry) -> None:
    name = follow(registry)
    registry.stop()

    with pytest.raises(NetworkError):
        name.latest("", Deadline(30))


def test_tag_that_moves_between_resolving_and_pulling(registry: FakeRegistry) -> None:
    """What was resolved is pulled by its digest, so whatever the tag names by then does no harm."""
    first = push(registry, "one", "prod")
    latest = follow(registry).latest("", Deadline(30))
    assert latest is not None

    push(registry, "two", "prod")

    plan = latest.source.plan()
    assert [layer.blob.size for layer in plan.layers] == [len("one")]
    assert registry.requests[-1][1] == f"/v2/ns/kit/manifests/{first}"


def test_a_lie_of_the_registry_ends_at_the_pull(registry: FakeRegistry) -> None:
    """A HEAD that names another digest than the manifest has: nothing that was not asked for is taken."""
    push(registry, "one", "prod")
    latest = follow(registry).latest("", Deadline(30))
    assert latest is not None
    registry.faults.wrong_manifest = True

    with pytest.raises(DigestError, match="nothing was changed"):
        latest.source.plan()


def test_no_tag(registry: FakeRegistry) -> None:
    with pytest.raises(UsageError, match="names no tag"):
        follow(registry, f"@{UNKNOWN}")
