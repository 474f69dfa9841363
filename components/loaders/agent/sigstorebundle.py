"""Sigstore bundles around a DSSE envelope, signed with a key: what was signed, if a trusted key did.

Media type and envelope as ``model-signing`` 1.1.1 (``_signing/sign_sigstore_pb.py``) and ``cosign`` v3.1.3
(``cmd/cosign/cli/signcommon/common.go``, ``NewAttestationBundle``) write them; DSSE v1 ("protocol.md", PAE).
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from . import jsonread
from .errors import SignatureError
from .publickey import PublicKey

BUNDLE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""Media type of the one form that is read."""

_PAYLOAD: Final = "application/vnd.in-toto+json"
_KEYLESS: Final = ("certificate", "x509CertificateChain")


def verified_statement(bundle: bytes, keys: Sequence[PublicKey], where: str, how: str) -> bytes:
    """Return the in-toto statement in a bundle.

    Nothing of the statement is looked at before its signature has been verified, and nothing in the bundle chooses key
    or algorithm: the trusted keys do.

    Args:
        bundle: the document.
        keys: trusted keys; any one of them is enough.
        where: names the document in errors.
        how: the command that signs with a key.

    Raises:
        SignatureError: no trusted key signed it, or it is signed with a certificate.
        UnsupportedError: it is of another form.
    """
    document = jsonread.document(bundle, where)
    if (kind := document.get("mediaType")) != BUNDLE:
        raise SignatureError(f"{where}: media type {kind!r} is not {BUNDLE}; sign with a newer version of the tool")
    material = jsonread.mapping(document.get("verificationMaterial"), f"{where}: verificationMaterial")
    if any(name in material for name in _KEYLESS):
        raise SignatureError(
            f"{where}: is signed with a certificate; only signatures by a key can be checked ({how} …)"
        )
    envelope = jsonread.mapping(document.get("dsseEnvelope"), f"{where}: dsseEnvelope")
    if (kind := envelope.get("payloadType")) != _PAYLOAD:
        raise SignatureError(f"{where}: payload type {kind!r} is not {_PAYLOAD}")
    payload = decoded(envelope.get("payload"), f"{where}: payload")
    signatures = jsonread.items(envelope.get("signatures"), f"{where}: signatures")
    if len(signatures) != 1:
        raise SignatureError(f"{where}: holds {len(signatures)} signatures, exactly one is expected")
    signature = decoded(jsonread.mapping(signatures[0], f"{where}: signature").get("sig"), f"{where}: sig")
    signed = f"DSSEv1 {len(_PAYLOAD)} {_PAYLOAD} {len(payload)} ".encode() + payload
    require_trusted(signature, signed, keys, where)
    return payload


def decoded(value: object, where: str) -> bytes:
    """Return what is base64.

    Raises:
        SignatureError: it is not.
    """
    try:
        return base64.b64decode(jsonread.text(value, where), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError(f"{where}: not base64 ({error})") from error


def require_trusted(signature: bytes, signed: bytes, keys: Sequence[PublicKey], where: str) -> None:
    """Refuse what none of the keys signed.

    Raises:
        SignatureError: none did.
    """
    if not any(key.verifies(signature, signed) for key in keys):
        names = ", ".join(key.fingerprint[:16] for key in keys)
        raise SignatureError(f"{where}: the signature is by none of the trusted keys ({names})")
