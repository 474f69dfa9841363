"""Signs manifests in the two forms of cosign, with the ``cryptography`` package and nothing of the agent."""

import base64
import json
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric import ec

from tests.components.loaders.agent.fake_registry import INDEX_TYPE, MANIFEST_TYPE, FakeRegistry
from tests.components.loaders.agent.kits import descriptor, manifest_bytes
from tests.components.loaders.agent.signers import HASHES, PAYLOAD_TYPE, Change, Json, unchanged

SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
CERTIFICATE = "dev.sigstore.cosign/certificate"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PREDICATE = "https://sigstore.dev/cosign/sign/v1"
EMPTY = descriptor("application/vnd.oci.empty.v1+json", b"{}")


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> str:
    """Return a signature in base64."""
    return base64.b64encode(key.sign(data, ec.ECDSA(HASHES[key.curve.key_size]))).decode()


def payload_of(digest: str, change: Change = unchanged) -> bytes:
    """Return what a classic signature signs."""
    image = {"docker-manifest-digest": digest}
    critical: Json = {
        "identity": {"docker-reference": "registry.example.com/ns/kit"},
        "image": image,
        "type": "cosign container image signature",
    }
    whole: Json = {"critical": critical, "optional": None}
    change(whole)
    return json.dumps(whole).encode()


def classic(payload: bytes, signature: str, notes: Mapping[str, str] | None = None) -> tuple[Json, bytes]:
    """Return a layer's entry in the signature's manifest, and its bytes."""
    return descriptor(SIMPLE, payload, {SIGNATURE: signature, **(notes or {})}), payload


def push_classic(registry: FakeRegistry, repository: str, digest: str, layers: Sequence[tuple[Json, bytes]]) -> None:
    """Push classic signatures of a manifest."""
    registry.add_blob(b"{}")
    for _, payload in layers:
        registry.add_blob(payload)
    data = manifest_bytes(EMPTY, [entry for entry, _ in layers])
    registry.add_manifest(repository, data, f"{digest.replace(':', '-')}.sig")


def sign_classic(registry: FakeRegistry, repository: str, digest: str, *keys: ec.EllipticCurvePrivateKey) -> None:
    """Sign a manifest in the classic form, once per key."""
    payload = payload_of(digest)
    push_classic(registry, repository, digest, [classic(payload, sign(key, payload)) for key in keys])


def bundle_of(
    digest: str, key: ec.EllipticCurvePrivateKey, *, statement: Change = unchanged, bundle: Change = unchanged
) -> bytes:
    """Return a bundle.

    Args:
        digest: of the manifest.
        key: signs.
        statement: changes what is signed, before it is signed.
        bundle: changes the bundle afterwards.
    """
    said: Json = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": digest.removeprefix("sha256:")}}],
        "predicateType": PREDICATE,
        "predicate": {},
    }
    statement(said)
    payload = json.dumps(said).encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    whole: Json = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": "unused"}},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": sign(key, signed)}],
        },
    }
    bundle(whole)
    return json.dumps(whole).encode()


def push_bundle(
    registry: FakeRegistry, repository: str, digest: str, bundle: bytes, notes: Mapping[str, str] | None = None
) -> str:
    """Push a bundle that refers to a manifest, with the index of the tag schema where the registry keeps no list."""
    registry.add_blob(b"{}")
    registry.add_blob(bundle)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": BUNDLE,
        "config": EMPTY,
        "layers": [descriptor(BUNDLE, bundle)],
        "subject": {"mediaType": MANIFEST_TYPE, "digest": digest, "size": 1},
        "annotations": {"dev.sigstore.bundle.predicateType": PREDICATE, **(notes or {})},
    }
    pushed = registry.add_manifest(repository, json.dumps(manifest).encode())
    if not registry.lists_referrers:
        found = registry.referrers(repository, digest)
        index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": found}
        registry.manifests[repository, digest.replace(":", "-")] = json.dumps(index).encode()
    return pushed
