"""Whether the manifests a version is unpacked from are signed by the owner of a trusted key, as ``cosign`` signs.

Asked for before the first layer is moved: a manifest names every layer by digest, and each layer's bytes are checked
against it. Both places are looked at in which ``cosign`` keeps signatures: the tag ``sha256-<hex>.sig`` beside the
manifest (cosign v3.1.3, ``specs/SIGNATURE_SPEC.md``, "Tag-based Discovery"), and what refers to the manifest
(``pkg/oci/remote/write.go``, ``WriteReferrer``). One good signature is enough; what else is there does no harm.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from .cosignforms import HOW, SIGN_PREDICATE, check_bundle, check_payload
from .deadline import Deadline
from .errors import DigestError, NotFoundError, SignatureError, UnsupportedError
from .manifest import Descriptor, parse_manifest
from .plan import Plan
from .publickey import PublicKey
from .reference import Reference
from .referrers import Referrer, list_referrers, manifest_if_any
from .registry import Registry
from .sigstorebundle import BUNDLE

SIGNATURE_LIMIT: Final = 64
"""Most signatures that are looked at in each place; each costs a request and, per key, some milliseconds."""

SIGNATURE_LIMIT_BYTES: Final = 256 * 1024
"""Longest payload or bundle; cosign writes less than 10 KiB."""

_SIGNATURE: Final = "dev.cosignproject.cosign/signature"
_CERTIFICATE: Final = "dev.sigstore.cosign/certificate"
_SIMPLE: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
_PREDICATE: Final = "dev.sigstore.bundle.predicateType"
_UNUSABLE: Final = (SignatureError, UnsupportedError, DigestError, NotFoundError)
"""What is wrong with one signature and leaves the others as good as they are."""


class CosignCheck:
    """Checks manifests against the signatures beside them.

    Args:
        registry: where they are.
        keys: trusted keys; any one of them is enough.
        deadline: ends the search.
    """

    def __init__(self, registry: Registry, keys: Sequence[PublicKey], deadline: Deadline) -> None:
        self._registry = registry
        self._keys = keys
        self._deadline = deadline

    @property
    def name(self) -> str:
        """Everything the verdict depends on beside the manifests."""
        return cosign_name(self._keys)

    def check_plan(self, plan: Plan) -> None:
        """Look for a signature of every manifest: of the version's own, and of each parent's.

        Raises:
            SignatureError: one has none that counts.
            AgentError: the registry cannot be asked.
        """
        if not plan.manifests:
            raise SignatureError("the source has no manifest that could be signed")
        for reference in plan.manifests:
            self._check(reference)

    def _check(self, reference: Reference) -> None:
        refused: list[str] = []
        for look in (self._classic, self._bundles):
            try:
                found = look(reference)
            except _UNUSABLE as error:
                refused.append(str(error))
                continue
            for claim in found:
                self._deadline.check()
                try:
                    claim()
                except _UNUSABLE as error:
                    refused.append(str(error))
                else:
                    return
        what = f"{reference.host}/{reference.repository}@{reference.digest}"
        why = "; ".join(refused[:3]) or "there is none"
        more = f" (and {len(refused) - 3} more)" if len(refused) > 3 else ""  # noqa: PLR2004  # enough to find the rest
        raise SignatureError(f"{what} has no valid signature by cosign: {why}{more}; {HOW} … {what}")

    def _classic(self, reference: Reference) -> list[Callable[[], None]]:
        place = replace(reference, tag=f"{reference.digest.replace(':', '-')}.sig", digest="")
        data = manifest_if_any(self._registry, place)
        layers = () if data is None else parse_manifest(data, str(place)).layers
        _check_number(len(layers), str(place))
        return [partial(self._check_layer, reference, layer, f"{place}, layer {layer.digest}") for layer in layers]

    def _check_layer(self, reference: Reference, layer: Descriptor, where: str) -> None:
        if layer.media_type != _SIMPLE:
            raise UnsupportedError(f"{where}: media type {layer.media_type!r} is not {_SIMPLE}")
        if layer.annotations.get(_CERTIFICATE):
            raise SignatureError(
                f"{where}: is signed with a certificate; only signatures by a key can be checked ({HOW} …)"
            )
        payload = self._blob(reference, layer, where)
        check_payload(payload, layer.annotations.get(_SIGNATURE, ""), self._keys, reference.digest, where)

    def _bundles(self, reference: Reference) -> list[Callable[[], None]]:
        found = [one for one in list_referrers(self._registry, reference) if _may_be_signature(one)]
        _check_number(len(found), f"what refers to {reference}")
        return [partial(self._check_referrer, reference, replace(reference, digest=one.digest)) for one in found]

    def _check_referrer(self, reference: Reference, place: Reference) -> None:
        where = f"{place.repository}@{place.digest}"
        layers = parse_manifest(self._registry.manifest(place)[0], where).layers
        if len(layers) != 1 or layers[0].media_type != BUNDLE:
            raise UnsupportedError(f"{where}: is not one {BUNDLE}")
        check_bundle(self._blob(reference, layers[0], where), self._keys, reference.digest, where)

    def _blob(self, reference: Reference, blob: Descriptor, where: str) -> bytes:
        if blob.size > SIGNATURE_LIMIT_BYTES:
            raise UnsupportedError(f"{where}: {blob.size} bytes are too long for a signature")
        return self._registry.small_blob(reference, blob)


def cosign_name(keys: Sequence[PublicKey]) -> str:
    """Return the name a check with these keys has in receipts."""
    return f"cosign {'+'.join(sorted({key.fingerprint for key in keys}))}"


def _may_be_signature(referrer: Referrer) -> bool:
    """Leave out what says it is something else: lists of parts, attestations."""
    return (
        referrer.artifact_type in {"", BUNDLE}
        and referrer.annotations.get(_PREDICATE, SIGN_PREDICATE) == SIGN_PREDICATE
    )


def _check_number(found: int, where: str) -> None:
    if found > SIGNATURE_LIMIT:
        raise UnsupportedError(
            f"{where}: {found} signatures, more than {SIGNATURE_LIMIT}; remove what is old (cosign clean)"
        )
