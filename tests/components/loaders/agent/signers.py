"""Signs trees in the form of model-signing, with the ``cryptography`` package and nothing of the agent."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from components.loaders.agent.plan import TreeCheck
from components.loaders.agent.signatureoptions import SignatureOptions

Json = dict[str, object]
KEY = ec.derive_private_key(1234567, ec.SECP256R1())
OTHER = ec.derive_private_key(7654321, ec.SECP256R1())
PAYLOAD_TYPE = "application/vnd.in-toto+json"
HASHES: Mapping[int, hashes.HashAlgorithm] = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}


Change = Callable[[Json], object]
"""Alters a document in place; what it returns does not matter."""


def unchanged(_value: Json) -> None:
    """Leave a document as it is."""


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the PEM file that a verifier gets."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def files_of(tree: Path, *but: str) -> dict[str, str]:
    """Return sha256 by path, in the order of the paths."""
    paths = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    return {path: hashlib.sha256((tree / path).read_bytes()).hexdigest() for path in paths if path not in but}


def statement_of(files: Mapping[str, str]) -> Json:
    """Return the statement about some files."""
    root = hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in files.values())).hexdigest()
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model", "digest": {"sha256": root}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {
            "serialization": {"method": "files", "hash_type": "sha256", "allow_symlinks": False},
            "resources": [{"name": n, "digest": d, "algorithm": "sha256"} for n, d in files.items()],
        },
    }


def bundle_of(
    files: Mapping[str, str],
    key: ec.EllipticCurvePrivateKey,
    *,
    statement: Change = unchanged,
    bundle: Change = unchanged,
) -> bytes:
    """Return a signature file.

    Args:
        files: sha256 by path.
        key: signs.
        statement: changes what is signed, before it is signed.
        bundle: changes the file afterwards.
    """
    said = statement_of(files)
    statement(said)
    payload = json.dumps(said, indent=2).encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    signature = key.sign(signed, ec.ECDSA(HASHES[key.curve.key_size]))
    whole: Json = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": hashlib.sha256(public_pem(key)).hexdigest()}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }
    bundle(whole)
    return json.dumps(whole).encode()


def options(
    *keys: Path, bundle: str = "model.sig", file: Path | None = None, generated: tuple[str, ...] = ()
) -> SignatureOptions:
    """Return options as the command line would."""
    return SignatureOptions(kind="model-signing", keys=keys, bundle=bundle, file=file, generated=frozenset(generated))


def only(found: tuple[TreeCheck, ...]) -> TreeCheck:
    """Return the one check."""
    (check,) = found
    return check
