"""Signatures of versions that come later: an unsigned one changes nothing, and is taken once it is signed."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from components.loaders.agent import setback
from tests.components.loaders.agent.cosigners import sign_classic
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.processes import wait_for
from tests.components.loaders.agent.signers import KEY, OTHER, public_pem
from tests.components.loaders.agent.test_cache import args_of, caching, write_list
from tests.components.loaders.agent.watching import StandInRuntime, Watching, named, push, shorten_pauses


def by_cosign(tmp_path: Path) -> list[str]:
    """Return the words that ask for a signature by one key."""
    path = tmp_path / "signer.pub"
    path.write_bytes(public_pem(KEY))
    return ["--signature-kind", "cosign", "--signature-key", str(path)]


def sign(registry: FakeRegistry, key: str, signer: ec.EllipticCurvePrivateKey = KEY) -> None:
    """Sign a version, named as the store names it."""
    sign_classic(registry, "ns/kit", key.replace("-", ":"), signer)


def moved(registry: FakeRegistry, text: str) -> bool:
    """Return whether somebody asked for the layer with this content."""
    return any(digest_of(text.encode()) in path for _, path, *_ in registry.requests)


def test_watch_serves_the_signed_version_on(
    tmp_path: Path, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_pauses(monkeypatch)
    monkeypatch.setattr(setback, "PAUSES_SECONDS", (0.2, 0.2))
    runtime = StandInRuntime()
    signed = push(registry, "signed", "prod")
    sign(registry, signed)
    with Watching(tmp_path / "into", named(registry), runtime, *by_cosign(tmp_path)) as watching:
        watching.until_served(signed)
        late = push(registry, "late", "prod")
        sign(registry, late, OTHER)
        wait_for(lambda: watching.value("attempts_total", result="signature") >= 2, "refused, and refused again")

        assert (watching.current(), runtime.told) == (signed, [(signed, "")])
        assert not moved(registry, "late")
        assert "by none of the trusted keys" in str([line for line in watching.lines if "why" in line][-1]["why"])

        sign(registry, late)
        watching.until_served(late)
        assert watching.current() == late


def test_cache_keeps_the_signed_version(tmp_path: Path, registry: FakeRegistry) -> None:
    signed = push(registry, "signed", "prod")
    sign(registry, signed)
    pinned = args_of(registry, "@" + push(registry, "unsigned").replace("-", ":"))
    listed = {"followed": args_of(registry, ":prod"), "unsigned": pinned}
    models = write_list(tmp_path / "list", {name: [*args, *by_cosign(tmp_path)] for name, args in listed.items()})
    with caching(tmp_path, models) as (agent, page):
        current = tmp_path / "node/followed/current"
        wait_for(current.exists, "the signed version")
        wait_for(lambda: {line["model"] for line in agent.lines("model-failed")} == {"unsigned"}, "its refusal")
        wait_for(lambda: page("/readyz") == (503, "not there yet: unsigned\n"), "only the unsigned one is missing")

        push(registry, "late", "prod")
        wait_for(
            lambda: "followed" in {line["model"] for line in agent.lines("model-failed")}, "the late one's refusal"
        )

        assert current.readlink().name == signed
        assert not moved(registry, "unsigned")
        assert not moved(registry, "late")
        assert agent.terminate() < 5
