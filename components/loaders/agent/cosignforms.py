"""The two forms in which ``cosign`` writes a signature of a manifest with a key.

Classic: a simple-signing payload, and its signature beside it (cosign v3.1.3: ``specs/SIGNATURE_SPEC.md``; payload in
sigstore v1.10.8, ``pkg/signature/payload/payload.go``). Since v3 by default: a Sigstore bundle around an in-toto
statement whose subject is the manifest (``pkg/types/predicate.go``; found in what ``cosign sign`` v3.1.3 pushed).

Who or what else the signer names, the repository in ``docker-reference`` for instance, is not compared: the digest
says which manifest is meant, and a copy in another repository is the same manifest.
"""

from collections.abc import Sequence
from typing import Final

from . import jsonread
from .errors import SignatureError
from .publickey import PublicKey
from .sigstorebundle import decoded, require_trusted, verified_statement

SIGN_PREDICATE: Final = "https://sigstore.dev/cosign/sign/v1"
"""Type of the statement "this was signed"; an attestation about a manifest says something else, maybe nothing good."""

HOW: Final = "cosign sign --key"
"""The command that signs with a key."""

_PAYLOAD_TYPE: Final = "cosign container image signature"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"


def check_payload(payload: bytes, signature: str, keys: Sequence[PublicKey], digest: str, where: str) -> None:
    """Check a classic signature. Nothing of the payload is looked at before the signature has been verified.

    Args:
        payload: what was signed.
        signature: base64, as the annotation has it.
        keys: trusted keys; any one of them is enough, and they alone choose the algorithm.
        digest: of the manifest.
        where: names the signature in errors.

    Raises:
        SignatureError: no trusted key signed this manifest.
        UnsupportedError: the payload is of another form.
    """
    require_trusted(decoded(signature, where), payload, keys, where)
    critical = jsonread.mapping(jsonread.document(payload, where).get("critical"), f"{where}: critical")
    if (kind := critical.get("type")) != _PAYLOAD_TYPE:
        raise SignatureError(f"{where}: payload type {kind!r} is not {_PAYLOAD_TYPE!r}")
    image = jsonread.mapping(critical.get("image"), f"{where}: image")
    if (found := image.get("docker-manifest-digest")) != digest:
        raise SignatureError(f"{where}: is about {found!r}, not about this manifest")


def check_bundle(bundle: bytes, keys: Sequence[PublicKey], digest: str, where: str) -> None:
    """Check a bundle; arguments and errors as for ``check_payload``."""
    statement = jsonread.document(verified_statement(bundle, keys, where, HOW), f"{where}: statement")
    kinds = (statement.get("_type"), statement.get("predicateType"))
    if kinds != (_STATEMENT, SIGN_PREDICATE):
        raise SignatureError(f"{where}: statement and predicate are {kinds}; only {SIGN_PREDICATE} is a signature")
    subjects = jsonread.items(statement.get("subject"), f"{where}: subject")
    if digest not in {_subject_digest(subject, where) for subject in subjects}:
        raise SignatureError(f"{where}: is not about this manifest")


def _subject_digest(subject: object, where: str) -> str:
    digests = jsonread.mapping(jsonread.mapping(subject, f"{where}: subject").get("digest"), f"{where}: digest")
    return f"sha256:{jsonread.text(digests.get('sha256'), f'{where}: sha256')}"
