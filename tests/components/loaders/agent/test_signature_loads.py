"""Signatures from the command line to the store: what may become current."""

import argparse
import io
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import SignatureError, UsageError
from components.loaders.agent.load import Load, LoadSettings
from components.loaders.agent.logs import Log
from components.loaders.agent.services import checks_of
from components.loaders.agent.signature import tree_checks
from components.loaders.agent.signatureoptions import (
    SignatureOptions,
    add_signature_options,
    read_signature_options,
    signature_problems,
)
from components.loaders.agent.sourceoptions import add_source_options, read_source_options
from components.loaders.agent.sources import pinned_source
from components.loaders.agent.store import Store
from tests.components.loaders.agent.conftest import is_untouched
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import noise, push_artifact, push_kit, tar_of
from tests.components.loaders.agent.signers import KEY, OTHER, bundle_of, options, public_pem


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The trusted public key."""
    path = tmp_path / "key.pub"
    path.write_bytes(public_pem(KEY))
    return path


@pytest.mark.parametrize("text", ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_keys_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.pub"
    path.write_text(text)

    with pytest.raises(UsageError, match=r"--signature-key .*bad\.pub"):
        tree_checks(options(path))


def test_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        tree_checks(options(tmp_path / "none.pub"))


def parsed(*arguments: str) -> tuple[list[str], argparse.Namespace]:
    """Return problems and what was read."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", default="oci")
    add_signature_options(parser)
    raw = parser.parse_args(arguments)
    return list(signature_problems(raw)), raw


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--signature-bundle", "a.sig"], "need a --signature-key"),
        (["--signature-file", "a.sig"], "need a --signature-key"),
        (["--signature-key", "k", "--signature-file", "a", "--signature-bundle", "b"], "exclude each other"),
        (["--signature-key", "k", "--signature-bundle", "../b"], "climbs"),
        (["--signature-key", "k", "--signature-bundle", "/b"], "absolute"),
        (["--signature-kind", "cosign"], "needs a --signature-key"),
        (["--signature-kind", "cosign", "--signature-key", "k", "--signature-bundle", "b"], "in the registry"),
        (["--signature-kind", "cosign", "--signature-key", "k", "--signature-file", "b"], "in the registry"),
        (["--signature-kind", "cosign", "--signature-key", "k", "--source", "s3"], "no manifest"),
    ],
)
def test_command_lines_that_cannot_be_right(arguments: list[str], problem: str) -> None:
    assert problem in "; ".join(parsed(*arguments)[0])


def test_command_line_is_read() -> None:
    problems, raw = parsed("--signature-key", "a", "--signature-key", "b", "--signature-bundle", "./x//y.sig")

    assert problems == []
    wanted = SignatureOptions(
        kind="model-signing", keys=(Path("a"), Path("b")), bundle="x/y.sig", file=None, generated=frozenset()
    )
    assert read_signature_options(raw) == wanted
    kit = parsed("--source", "modelkit", "--signature-key", "a")[1]
    assert read_signature_options(kit).generated == {"Kitfile"}


def load(registry: FakeRegistry, digest: str, into: Path, *keys: Path, source: str = "oci") -> Store:
    """Load once, through the same parts as the command line."""
    parser = argparse.ArgumentParser()
    add_source_options(parser)
    add_signature_options(parser)
    reference = f"{registry.host}/ns/kit@{digest}"
    words = ["--source", source, "--reference", reference, "--plain-http"]
    raw = parser.parse_args([*words, *(word for key in keys for word in ("--signature-key", str(key)))])
    deadline, log = Deadline(60), Log(io.StringIO())
    store = Store(into, "current", deadline, log)
    settings = LoadSettings(reference=reference, keep_previous=1, parallel=2, max_layer_bytes=2**30)
    source_options = read_source_options(raw)
    checks = checks_of(source_options, read_signature_options(raw), log)(deadline)
    Load(pinned_source(source_options, deadline, log), store, deadline, log, settings, checks).run()
    return store


def push(registry: FakeRegistry, weights: bytes, signer: ec.EllipticCurvePrivateKey | None) -> str:
    """Push an artifact of one file and its signature, and return its digest."""
    title = "org.opencontainers.image.title"
    layers = [("application/octet-stream", weights, {title: "weights.bin"})]
    if signer is not None:
        digest = registry.add_blob(weights).removeprefix("sha256:")
        layers.append(("application/json", bundle_of({"weights.bin": digest}, signer), {title: "model.sig"}))
    return push_artifact(registry, "ns/kit", layers)


@pytest.mark.parametrize("signer", [None, OTHER], ids=["unsigned", "by another key"])
def test_nothing_becomes_current_without_a_signature(
    tmp_path: Path, registry: FakeRegistry, key: Path, signer: ec.EllipticCurvePrivateKey | None
) -> None:
    into = tmp_path / "into"

    with pytest.raises(SignatureError) as caught:
        load(registry, push(registry, b"bad", signer), into, key)

    assert caught.value.exit_code == 13
    assert is_untouched(into)


def test_old_model_stays_where_the_new_one_is_refused(tmp_path: Path, registry: FakeRegistry, key: Path) -> None:
    into = tmp_path / "into"
    load(registry, push(registry, b"good", KEY), into, key)

    with pytest.raises(SignatureError):
        load(registry, push(registry, b"bad", OTHER), into, key)

    assert (into / "current/weights.bin").read_bytes() == b"good"


def test_version_loaded_without_the_check_is_checked_before_it_is_used(
    tmp_path: Path, registry: FakeRegistry, key: Path
) -> None:
    into = tmp_path / "into"
    good, bad = push(registry, b"good", KEY), push(registry, b"bad", OTHER)
    for digest in (bad, good):
        load(registry, digest, into)

    load(registry, good, into, key)
    assert "model-signing" in (into / f".store/{good.replace(':', '-')}.json").read_text(), "noted, not read every time"
    with pytest.raises(SignatureError):
        load(registry, bad, into, key)

    assert (into / "current/weights.bin").read_bytes() == b"good"


def test_withdrawn_key_is_no_longer_enough(tmp_path: Path, registry: FakeRegistry, key: Path) -> None:
    into = tmp_path / "into"
    digest = push(registry, b"good", KEY)
    other = tmp_path / "other.pub"
    other.write_bytes(public_pem(OTHER))
    load(registry, digest, into, key, other)

    with pytest.raises(SignatureError):
        load(registry, digest, into, other)


def test_model_kit_with_its_kitfile(tmp_path: Path, registry: FakeRegistry, key: Path) -> None:
    weights = noise(5000)
    digest = registry.add_blob(weights).removeprefix("sha256:")
    model = tar_of({"weights.bin": weights, "model.sig": bundle_of({"weights.bin": digest}, KEY)})
    kit = push_kit(registry, "ns/kit", {"model": {"path": "weights.bin"}}, [("model.v1.tar", model)])

    load(registry, kit, tmp_path / "into", key, source="modelkit")

    assert sorted(path.name for path in (tmp_path / "into/current").iterdir()) == [
        "Kitfile",
        "model.sig",
        "weights.bin",
    ]
