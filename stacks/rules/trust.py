"""Whether signatures can be checked where they are asked for, and whether keys and certificates are such.

What a key holds is judged by the loader's own parser (``stacks/config.py``). Nothing here repeats a value: what was
pasted may be a secret.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from stacks.errors import Problem, shown
from stacks.plan.loading import loader_of
from stacks.spec.file_source import ClaimSource, HttpSource, HuggingFaceSource, S3Source
from stacks.spec.loader import ImageLoader
from stacks.spec.loading import Signature
from stacks.spec.model import Model
from stacks.spec.source import ModelKitSource, OciSource, Source
from stacks.spec.stack import StackSpec

_LABEL: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
_PRIVATE: Final = "PRIVATE KEY"
_PUBLIC: Final = "PUBLIC KEY"
_CERTIFICATE: Final = "CERTIFICATE"
_EXPOSED: Final = "this is a PRIVATE KEY: it can be read in the stack file, so whoever reads that can sign as its owner"
_EXPOSED_CA: Final = "there is a PRIVATE KEY in it: it can be read in the stack file, so whoever reads that can use it"


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield signatures nobody would check or find, and texts that are no keys or certificates."""
    yield from _certificates(spec.loading.ca_certificates)
    for index, model in enumerate(spec.models):
        if model.signature is not None:
            path = f"slipway:models[{index}]"
            yield from _keys(f"{path}.signature.publicKeys", model.signature)
            yield from _checked(path, model, model.signature, spec)


def _certificates(text: str | None) -> Iterator[Problem]:
    if text is None:
        return
    path = "slipway:loading.caCertificates"
    found = _LABEL.findall(text)
    fix = "give the CA's certificate alone, as text between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----"
    if _PRIVATE in text:
        yield Problem(path=path, rule=_EXPOSED_CA, fix="remove it, replace that key everywhere, give certificates only")
    elif set(found) != {_CERTIFICATE}:
        yield Problem(path=path, rule="holds no PEM certificate, or something beside certificates", fix=fix)
    elif not _loads(text):
        yield Problem(path=path, rule="holds a certificate that OpenSSL cannot read", fix=fix)


def _loads(text: str) -> bool:
    """Return whether a TLS client can trust these certificates; asks what the loader asks."""
    import ssl  # only a stack with a private CA pays for this import

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text.encode("ascii", "replace").decode())
    except (ssl.SSLError, ValueError):
        return False
    return True


def _keys(path: str, signature: Signature) -> Iterator[Problem]:
    for index, text in enumerate(signature.public_keys):
        where, found = f"{path}[{index}]", _LABEL.findall(text)
        if _PRIVATE in text:
            fix = "remove it, make a new pair, sign again, and give the public half: openssl pkey -in NEW -pubout"
            yield Problem(path=where, rule=_EXPOSED, fix=fix)
        elif found != [_PUBLIC]:
            kinds = ", ".join(found) or "none"
            rule = f"each entry is one PEM block PUBLIC KEY; its blocks: {kinds}"
            fix = "openssl pkey -in key.pem -pubout, or of a certificate: openssl x509 -in cert.pem -noout -pubkey"
            yield Problem(path=where, rule=rule, fix=fix)


def _checked(path: str, model: Model, signature: Signature, spec: StackSpec) -> Iterator[Problem]:
    """Yield a signature that no loader would look at, or that the source's filter leaves behind."""
    if model.source is None:
        rule = "the model has no source, so nothing is loaded that could be checked"
        yield Problem(path=f"{path}.signature", rule=rule, fix="add source, or remove signature")
        return
    if isinstance(loader_of(spec, model), ImageLoader):
        rule = "the kubelet mounts the image, and it checks no signature"
        fix = "an artifact that the agent loads (source modelkit or oci, another loader), or remove signature"
        yield Problem(path=f"{path}.signature", rule=rule, fix=fix)
        return
    if signature.kind == "cosign":
        yield from _cosign(path, model.source, signature)
    elif isinstance(model.source, S3Source | HttpSource | HuggingFaceSource | ClaimSource) and model.source.filter:
        wanted = model.source.filter
        if not any(fnmatchcase(signature.bundle, pattern) for pattern in wanted):
            rule = f"no pattern matches the signature {signature.bundle}, so it would not be loaded"
            yield Problem(path=f"{path}.source.filter", value=shown(wanted), rule=rule, fix=f"add {signature.bundle}")


def _cosign(path: str, source: Source, signature: Signature) -> Iterator[Problem]:
    """Yield a signature of a manifest where there is none, and a key that only signatures of files have."""
    if not isinstance(source, ModelKitSource | OciSource):
        rule = f"cosign signs the manifest of an artifact in a registry; a source of type {source.type} has none"
        fix = "a source modelkit or oci, or signature.kind modelSigning, which signs the files"
        yield Problem(path=f"{path}.signature.kind", value=shown("cosign"), rule=rule, fix=fix)
    if "bundle" in signature.model_fields_set:
        rule = "a signature by cosign is in the registry, beside the manifest, and not among the files"
        fix = "remove bundle, or signature.kind modelSigning"
        yield Problem(path=f"{path}.signature.bundle", value=shown(signature.bundle), rule=rule, fix=fix)
