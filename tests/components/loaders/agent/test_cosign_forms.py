"""The two forms of cosign's signatures: what passes for one, and that no changed byte does."""

import base64
import json
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.loaders.agent.cosignforms import check_bundle, check_payload
from components.loaders.agent.errors import SignatureError, UnsupportedError
from components.loaders.agent.publickey import parse_public_key
from tests.components.loaders.agent.cosigners import bundle_of, payload_of, sign
from tests.components.loaders.agent.signers import KEY, Change, Json, public_pem

DIGEST = f"sha256:{'ab' * 32}"
KEYS = [parse_public_key(public_pem(KEY))]
PAYLOAD = payload_of(DIGEST)
SIGNATURE = sign(KEY, PAYLOAD)
BUNDLE: Json = json.loads(bundle_of(DIGEST, KEY))
REFUSED = (SignatureError, UnsupportedError)


def flipped(data: bytes, at: int, mask: int) -> bytes:
    """Return the bytes with some bits of one turned."""
    changed = bytearray(data)
    changed[at % len(data)] ^= mask
    return bytes(changed)


def test_both_pass() -> None:
    check_payload(PAYLOAD, SIGNATURE, KEYS, DIGEST, "it")
    check_bundle(json.dumps(BUNDLE).encode(), KEYS, DIGEST, "it")


@given(at=st.integers(min_value=0), mask=st.integers(1, 255))
def test_no_changed_payload_passes(at: int, mask: int) -> None:
    with pytest.raises(REFUSED):
        check_payload(flipped(PAYLOAD, at, mask), SIGNATURE, KEYS, DIGEST, "it")


@given(at=st.integers(min_value=0), mask=st.integers(1, 255))
def test_no_changed_signature_passes(at: int, mask: int) -> None:
    changed = base64.b64encode(flipped(base64.b64decode(SIGNATURE), at, mask)).decode()

    with pytest.raises(REFUSED):
        check_payload(PAYLOAD, changed, KEYS, DIGEST, "it")


@given(at=st.integers(min_value=0), mask=st.integers(1, 255), part=st.sampled_from(["payload", "sig"]))
def test_no_changed_bundle_passes(at: int, mask: int, part: str) -> None:
    whole = json.loads(json.dumps(BUNDLE))
    holder = whole["dsseEnvelope"] if part == "payload" else whole["dsseEnvelope"]["signatures"][0]
    holder[part] = base64.b64encode(flipped(base64.b64decode(holder[part]), at, mask)).decode()

    with pytest.raises(REFUSED):
        check_bundle(json.dumps(whole).encode(), KEYS, DIGEST, "it")


@given(data=st.binary(max_size=200), signature=st.text(max_size=100))
def test_nothing_made_up_passes(data: bytes, signature: str) -> None:
    with pytest.raises(REFUSED):
        check_payload(data, signature, KEYS, DIGEST, "it")
    with pytest.raises(REFUSED):
        check_bundle(data, KEYS, DIGEST, "it")


def _critical(**changes: object) -> Change:
    def change(whole: Json) -> None:
        critical = cast("Json", whole["critical"])
        critical.update(changes)

    return change


OTHER_PAYLOADS: list[Change] = [
    lambda whole: whole.clear(),
    lambda whole: whole.update(critical=[]),
    _critical(type="atomic container signature"),
    _critical(type=None),
    _critical(image=None),
    _critical(image={"docker-manifest-digest": None}),
    _critical(image={"docker-manifest-digest": DIGEST.upper()}),
    _critical(image={"docker-manifest-digest": [DIGEST]}),
]
OTHER_STATEMENTS: list[Change] = [
    lambda said: said.update(subject=[]),
    lambda said: said.update(subject=None),
    lambda said: said.update(subject=[{"digest": {"sha512": "ab" * 32}}]),
    lambda said: said.update(subject=[{"name": DIGEST}]),
    lambda said: said.update(subject=[None]),
    lambda said: said.update(_type="https://example.com/v1"),
    lambda said: said.update(predicateType="https://slsa.dev/provenance/v1"),
    lambda said: said.pop("predicateType"),
]


@pytest.mark.parametrize("change", OTHER_PAYLOADS)
def test_payloads_that_say_something_else(change: Change) -> None:
    payload = payload_of(DIGEST, change)

    with pytest.raises(REFUSED):
        check_payload(payload, sign(KEY, payload), KEYS, DIGEST, "it")


@pytest.mark.parametrize("change", OTHER_STATEMENTS)
def test_statements_that_say_something_else(change: Change) -> None:
    with pytest.raises(REFUSED):
        check_bundle(bundle_of(DIGEST, KEY, statement=change), KEYS, DIGEST, "it")


def test_one_of_several_subjects() -> None:
    other: Json = {"name": "other", "digest": {"sha256": "cd" * 32}}

    def add(said: Json) -> None:
        said["subject"] = [other, {"digest": {"sha256": "ab" * 32}}]

    check_bundle(bundle_of(DIGEST, KEY, statement=add), KEYS, DIGEST, "it")
