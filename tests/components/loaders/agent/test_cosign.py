"""Signatures of manifests by cosign, from the command line to the store: what may be unpacked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from components.loaders.agent import cosign, referrers
from tests.components.loaders.agent.conftest import Agent, Run, is_untouched
from tests.components.loaders.agent.cosigners import (
    CERTIFICATE,
    bundle_of,
    classic,
    payload_of,
    push_bundle,
    push_classic,
    sign,
    sign_classic,
)
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import noise, push_artifact, push_kit, small_kit, tar_of
from tests.components.loaders.agent.signers import KEY, OTHER, public_pem

KIT = "ns/kit"
Signer = Callable[[FakeRegistry, str, ec.EllipticCurvePrivateKey], object]
Checked = Callable[..., Run]


def in_classic_form(registry: FakeRegistry, digest: str, key: ec.EllipticCurvePrivateKey) -> None:
    sign_classic(registry, KIT, digest, key)


def in_a_bundle(registry: FakeRegistry, digest: str, key: ec.EllipticCurvePrivateKey) -> None:
    push_bundle(registry, KIT, digest, bundle_of(digest, key))


def in_a_listed_bundle(registry: FakeRegistry, digest: str, key: ec.EllipticCurvePrivateKey) -> None:
    registry.lists_referrers = True
    in_a_bundle(registry, digest, key)


@pytest.fixture
def checked(agent: Agent, tmp_path: Path) -> Checked:
    """Run the agent with the check, by one trusted key unless told otherwise."""

    def run(
        digest: str, *keys: ec.EllipticCurvePrivateKey, source: str = "modelkit", more: tuple[str, ...] = ()
    ) -> Run:
        words: list[str] = ["--signature-kind", "cosign", *more]
        for number, key in enumerate(keys or (KEY,)):
            path = tmp_path / f"{number}.pub"
            path.write_bytes(public_pem(key))
            words += ["--signature-key", str(path)]
        return agent(digest, tmp_path / "into", *words, source=source)

    return run


def refused(run: Run, registry: FakeRegistry, into: Path) -> str:
    """Return why, having seen that no layer was asked for and nothing was left."""
    assert run.code == 13
    layers = {
        layer["digest"]
        for data in registry.manifests.values()
        for layer in json.loads(data).get("layers", ())
        if "kitops" in layer["mediaType"]
    }
    assert not [path for _, path, *_ in registry.requests if path.rpartition("/")[2] in layers]
    assert is_untouched(into)
    return run.why


@pytest.mark.parametrize("signer", [in_classic_form, in_a_bundle, in_a_listed_bundle])
@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_signed_kit_is_loaded(
    tmp_path: Path, registry: FakeRegistry, checked: Checked, signer: Signer, curve: ec.EllipticCurve
) -> None:
    digest, key = small_kit(registry), ec.derive_private_key(99, curve)
    signer(registry, digest, key)

    assert checked(digest, key).code == 0
    assert (tmp_path / "into/current/model/config.json").exists()
    receipt = json.loads((tmp_path / f"into/.store/{digest.replace(':', '-')}.json").read_text())
    (name,) = receipt["checks"]
    assert name.startswith("cosign ")


@pytest.mark.parametrize("signer", [in_classic_form, in_a_bundle, in_a_listed_bundle])
def test_another_key_is_refused(tmp_path: Path, registry: FakeRegistry, checked: Checked, signer: Signer) -> None:
    digest = small_kit(registry)
    signer(registry, digest, OTHER)

    why = refused(checked(digest), registry, tmp_path / "into")

    assert "by none of the trusted keys" in why
    assert f"cosign sign --key … {registry.host}/ns/kit@{digest}" in why


@pytest.mark.parametrize("lists", [True, False])
def test_no_signature_is_refused(tmp_path: Path, registry: FakeRegistry, checked: Checked, *, lists: bool) -> None:
    registry.lists_referrers = lists

    assert "there is none" in refused(checked(small_kit(registry)), registry, tmp_path / "into")


@pytest.mark.parametrize("signer", [in_classic_form, in_a_bundle])
def test_one_of_several_keys_is_enough(registry: FakeRegistry, checked: Checked, signer: Signer) -> None:
    digest = small_kit(registry)
    signer(registry, digest, KEY)

    assert checked(digest, OTHER, KEY).code == 0


def test_one_of_several_signatures_is_enough_whatever_lies_beside_it(registry: FakeRegistry, checked: Checked) -> None:
    digest = small_kit(registry)
    sign_classic(registry, KIT, digest, OTHER)
    for bundle in (b"no JSON", b"{}", bundle_of(digest, OTHER), bundle_of(digest, KEY)):
        push_bundle(registry, KIT, digest, bundle)

    assert checked(digest).code == 0


def test_several_classic_signatures(registry: FakeRegistry, checked: Checked) -> None:
    digest = small_kit(registry)
    sign_classic(registry, KIT, digest, OTHER, OTHER, KEY)

    assert checked(digest).code == 0


def test_plain_artifact(registry: FakeRegistry, checked: Checked, tmp_path: Path) -> None:
    title = {"org.opencontainers.image.title": "a.txt"}
    digest = push_artifact(registry, KIT, [("text/plain", b"hello", title)])
    assert checked(digest, source="oci").code == 13
    sign_classic(registry, KIT, digest, KEY)

    assert checked(digest, source="oci").code == 0
    assert (tmp_path / "into/current/a.txt").read_bytes() == b"hello"


@pytest.mark.parametrize("in_bundle", [True, False])
def test_signature_of_another_manifest_in_its_place(
    tmp_path: Path, registry: FakeRegistry, checked: Checked, *, in_bundle: bool
) -> None:
    digest, other = small_kit(registry), small_kit(registry, weights=noise(5))
    payload = payload_of(other)
    if in_bundle:
        push_bundle(registry, KIT, digest, bundle_of(other, KEY))
    else:
        push_classic(registry, KIT, digest, [classic(payload, sign(KEY, payload))])

    assert "about" in refused(checked(digest), registry, tmp_path / "into")


def test_keyless_classic_signature_is_called_so(tmp_path: Path, registry: FakeRegistry, checked: Checked) -> None:
    digest = small_kit(registry)
    payload = payload_of(digest)
    push_classic(registry, KIT, digest, [classic(payload, sign(KEY, payload), {CERTIFICATE: "-----BEGIN…"})])

    assert "signed with a certificate" in refused(checked(digest), registry, tmp_path / "into")


@pytest.mark.parametrize("material", ["certificate", "x509CertificateChain"])
def test_keyless_bundle_is_called_so(tmp_path: Path, registry: FakeRegistry, checked: Checked, material: str) -> None:
    digest = small_kit(registry)
    keyless = {"verificationMaterial": {material: {"rawBytes": ""}}}
    push_bundle(registry, KIT, digest, bundle_of(digest, KEY, bundle=lambda whole: whole.update(keyless)))

    assert "signed with a certificate" in refused(checked(digest), registry, tmp_path / "into")


def test_attestations_are_no_signatures(tmp_path: Path, registry: FakeRegistry, checked: Checked) -> None:
    """Neither one that says what it is, nor one whose annotation says that it is a signature."""
    digest = small_kit(registry)
    kind = {"predicateType": "https://slsa.dev/provenance/v1"}
    attestation = bundle_of(digest, KEY, statement=lambda said: said.update(kind))
    noted = push_bundle(registry, KIT, digest, attestation, {"dev.sigstore.bundle.predicateType": "other"})
    push_bundle(registry, KIT, digest, attestation)

    assert "only https://sigstore.dev/cosign/sign/v1 is" in refused(checked(digest), registry, tmp_path / "into")
    assert not [path for _, path, *_ in registry.requests if path.endswith(noted)]


def test_too_many_signatures_are_not_read(tmp_path: Path, registry: FakeRegistry, checked: Checked) -> None:
    digest = small_kit(registry)
    sign_classic(registry, KIT, digest, *[OTHER] * cosign.SIGNATURE_LIMIT, KEY)
    for number in range(cosign.SIGNATURE_LIMIT + 1):
        push_bundle(registry, KIT, digest, bundle_of(digest, KEY), {"number": str(number)})

    why = refused(checked(digest), registry, tmp_path / "into")

    assert why.count("65 signatures, more than 64") == 2


def test_a_signature_that_is_too_long_is_not_read(tmp_path: Path, registry: FakeRegistry, checked: Checked) -> None:
    digest = small_kit(registry)
    long = payload_of(digest) + b" " * cosign.SIGNATURE_LIMIT_BYTES
    push_classic(registry, KIT, digest, [classic(long, sign(KEY, long))])

    assert "too long for a signature" in refused(checked(digest), registry, tmp_path / "into")
    assert not [path for _, path, *_ in registry.requests if path.endswith(digest_of(long))]


def test_long_listings_are_read_to_their_end(registry: FakeRegistry, checked: Checked) -> None:
    registry.lists_referrers, registry.page_length = True, 2
    digest = small_kit(registry)
    for key in (OTHER, OTHER, OTHER, OTHER, KEY):
        push_bundle(registry, KIT, digest, bundle_of(digest, key))

    assert checked(digest).code == 0
    assert sum("?from=" in path for _, path, *_ in registry.requests) == 2


def test_endless_listings_are_given_up(
    tmp_path: Path, registry: FakeRegistry, checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(referrers, "PAGE_LIMIT", 3)
    registry.lists_referrers, registry.page_length = True, 1
    digest = small_kit(registry)
    for number in range(4):
        push_bundle(registry, KIT, digest, bundle_of(digest, KEY), {"number": str(number)})

    assert "more than 3 pages" in refused(checked(digest), registry, tmp_path / "into")


def test_signature_whose_bytes_are_not_there_or_are_others(registry: FakeRegistry, checked: Checked) -> None:
    digest = small_kit(registry)
    first, second = payload_of(digest), payload_of(digest, lambda whole: whole.update(optional={"by": "me"}))
    push_classic(registry, KIT, digest, [classic(first, sign(KEY, first)), classic(second, sign(KEY, second))])
    registry.faults.corrupt[digest_of(second)] = 10
    del registry.blobs[digest_of(first)]
    assert checked(digest).code == 13
    push_bundle(registry, KIT, digest, bundle_of(digest, KEY))

    assert checked(digest).code == 0


def chained(registry: FakeRegistry, parent: str) -> str:
    """Push a kit that takes its model from another one."""
    docs = tar_of({"notes.md": b"# child\n"})
    kitfile = {
        "manifestVersion": "1.0.0",
        "model": {"path": f"{registry.host}/ns/parent{parent}"},
        "docs": [{"path": "notes.md", "digest": digest_of(docs)}],
    }
    return push_kit(registry, KIT, kitfile, [("docs.v1.tar", docs)])


@pytest.mark.parametrize("tagged", [True, False])
def test_parents_must_be_signed_too(tmp_path: Path, registry: FakeRegistry, checked: Checked, *, tagged: bool) -> None:
    parent = small_kit(registry, "ns/parent")
    child = chained(registry, ":1.0" if tagged else f"@{parent}")
    sign_classic(registry, KIT, child, KEY)
    assert f"ns/parent@{parent} has no valid" in refused(checked(child), registry, tmp_path / "into")
    sign_classic(registry, "ns/parent", parent, KEY)

    assert checked(child).code == 0
    assert (tmp_path / "into/current/model/weights.bin").exists()
