"""Signatures as ``model-signing`` writes them with a key: a Sigstore bundle that lists every file.

Read in model-signing 1.1.1: ``_signing/sign_ec_key.py`` (signature), ``_signing/signing.py`` (statement, predicate,
root digest), ``_serialization/file.py`` (what is listed). The statement is in-toto v1.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from . import jsonread
from .errors import SignatureError, UnsafeError, UnsupportedError
from .paths import safe_file_path
from .publickey import PublicKey
from .sigstorebundle import verified_statement

_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://model_signing/signature/v1.0"
_HOW: Final = "model_signing sign key --private_key"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def signed_files(bundle: bytes, keys: Sequence[PublicKey], where: str) -> dict[str, str]:
    """Return what a bundle vouches for.

    Args:
        bundle: the signature file.
        keys: trusted keys; any one of them is enough.
        where: names the file in errors.

    Returns:
        sha256 of every file, hex, by path.

    Raises:
        SignatureError: no trusted key signed it, or it is of another form.
    """
    try:
        return _files(verified_statement(bundle, keys, where, _HOW), where)
    except (UnsupportedError, UnsafeError) as error:
        raise SignatureError(str(error)) from error


def _files(payload: bytes, where: str) -> dict[str, str]:
    statement = jsonread.document(payload, f"{where}: statement")
    kinds = (statement.get("_type"), statement.get("predicateType"))
    if kinds != (_STATEMENT, _PREDICATE):
        raise SignatureError(f"{where}: statement and predicate are {kinds}, expected {(_STATEMENT, _PREDICATE)}")
    predicate = jsonread.mapping(statement.get("predicate"), f"{where}: predicate")
    serialization = jsonread.mapping(predicate.get("serialization"), f"{where}: serialization")
    method = (serialization.get("method"), serialization.get("hash_type"))
    if method != ("files", "sha256"):
        raise SignatureError(f"{where}: lists {method}, only whole files with sha256 can be checked")
    files: dict[str, str] = {}
    for raw in jsonread.items(predicate.get("resources"), f"{where}: resources"):
        path, digest = _resource(raw, where)
        if path in files:
            raise SignatureError(f"{where}: lists {path!r} twice")
        files[path] = digest
    _check_subject(statement, files, where)
    return files


def _resource(raw: object, where: str) -> tuple[str, str]:
    resource = jsonread.mapping(raw, f"{where}: resource")
    name = jsonread.text(resource.get("name"), f"{where}: resource name")
    digest = jsonread.text(resource.get("digest"), f"{where}: digest of {name!r}")
    if resource.get("algorithm") != "sha256" or not _SHA256.fullmatch(digest):
        raise SignatureError(f"{where}: {name!r} has no sha256 digest")
    return "/".join(safe_file_path(name, where)), digest


def _check_subject(statement: dict[str, object], files: dict[str, str], where: str) -> None:
    """The subject's digest covers the digests in their order; another one means a signer that is not understood."""
    subjects = jsonread.items(statement.get("subject"), f"{where}: subject")
    subject = jsonread.mapping(subjects[0], f"{where}: subject") if len(subjects) == 1 else {}
    promised = jsonread.mapping(subject.get("digest"), f"{where}: subject digest").get("sha256")
    if hashlib.sha256(bytes.fromhex("".join(files.values()))).hexdigest() != promised:
        raise SignatureError(f"{where}: the list of files is not the one its subject names")
