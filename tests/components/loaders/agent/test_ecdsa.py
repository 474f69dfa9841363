"""ECDSA verification: vectors of RFC 6979, and everything the ``cryptography`` package says about random inputs."""

from typing import Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from hypothesis import given, settings
from hypothesis import strategies as st

from components.loaders.agent.ecdsa import P256, P384, P521, Curve, verify
from components.loaders.agent.publickey import parse_public_key
from tests.components.loaders.agent.signers import HASHES, public_pem

CURVES: Final = {"P-256": P256, "P-384": P384, "P-521": P521}
PEERS: Final[dict[str, ec.EllipticCurve]] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
NAMES: Final = sorted(CURVES)

# RFC 6979, sections A.2.5, A.2.6 and A.2.7: curve, message, Ux, Uy, r, s.
VECTORS: Final = [
    (
        "P-256",
        b"sample",
        "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
        "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ),
    (
        "P-256",
        b"test",
        "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
        "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
        "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
    ),
    (
        "P-384",
        b"sample",
        "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13",
        "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
        "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
        "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
    ),
    (
        "P-521",
        b"sample",
        (
            "1894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD3"
            "71123D46E45DB6B5D5370A7F20FB633155D38FFA16D2BD761DCAC474B9A2F5023A4"
        ),
        (
            "0493101C962CD4D2FDDF782285E64584139C2F91B47F87FF82354D6630F746A2"
            "8A0DB25741B5B34A828008B22ACC23F924FAAFBD4D33F81EA66956DFEAA2BFDFCF5"
        ),
        (
            "0C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F1"
            "74E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA"
        ),
        (
            "0617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF2"
            "82623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A"
        ),
    ),
]


@pytest.mark.parametrize(("name", "message", "x", "y", "r", "s"), VECTORS)
def test_vectors_of_the_standard(name: str, message: bytes, x: str, y: str, r: str, s: str) -> None:
    curve, key, signature = CURVES[name], (int(x, 16), int(y, 16)), (int(r, 16), int(s, 16))

    assert verify(curve, key, signature, message)
    assert not verify(curve, key, signature, message + b"!")
    assert not verify(curve, key, (signature[0], signature[1] ^ 1), message)
    assert not verify(curve, key, (signature[0] ^ 1, signature[1]), message)
    assert not verify(curve, (key[0], key[1] ^ 1), signature, message)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_out_of_range_verify_nothing(name: str) -> None:
    curve = CURVES[name]

    for r, s in [(0, 1), (1, 0), (curve.order, 1), (1, curve.order), (-1, 1), (0, 0)]:
        assert not verify(curve, curve.base, (r, s), b"message")


@pytest.mark.parametrize("name", NAMES)
def test_order_of_the_base_point(name: str) -> None:
    curve = CURVES[name]

    assert curve.holds(*curve.base)
    assert curve.combine(curve.order, curve.base, 0, None) is None
    assert curve.combine(curve.order - 1, curve.base, 1, curve.base) is None
    assert curve.combine(curve.order, curve.base, 1, curve.base) == curve.base


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(NAMES), secret=st.integers(1, 2**255), first=st.integers(0, 2**130), second=st.integers(1))
def test_sums_of_multiples_are_those_of_the_peer(name: str, secret: int, first: int, second: int) -> None:
    curve = CURVES[name]
    second %= curve.order
    numbers = ec.derive_private_key(secret, PEERS[name]).public_key().public_numbers()
    total = (first + second * secret) % curve.order

    found = curve.combine(first, curve.base, second, (numbers.x, numbers.y))

    if total:
        wanted = ec.derive_private_key(total, PEERS[name]).public_key().public_numbers()
        assert found == (wanted.x, wanted.y)
    else:
        assert found is None


def _peer_says(key: ec.EllipticCurvePrivateKey, signature: bytes, message: bytes) -> bool:
    try:
        key.public_key().verify(signature, message, ec.ECDSA(HASHES[key.curve.key_size]))
    except InvalidSignature:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    secret=st.integers(1, 2**255),
    message=st.binary(max_size=200),
    flip=st.none() | st.tuples(st.integers(0, 200), st.integers(0, 7)),
    cut=st.sampled_from([0, 0, 0, 1]),
    tail=st.sampled_from([b"", b"", b"", b"\0"]),
)
def test_verdict_is_that_of_the_peer(
    name: str, secret: int, message: bytes, flip: tuple[int, int] | None, cut: int, tail: bytes
) -> None:
    private = ec.derive_private_key(secret, PEERS[name])
    signature = bytearray(private.sign(message, ec.ECDSA(HASHES[private.curve.key_size])))
    if flip is not None:
        signature[flip[0] % len(signature)] ^= 1 << flip[1]
    changed = bytes(signature[: len(signature) - cut]) + tail

    found = parse_public_key(public_pem(private)).verifies(changed, message)

    assert found == _peer_says(private, changed, message)
    if flip is None and not cut and not tail:
        assert found


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=80))
def test_any_bytes_are_no_signature_and_no_crash(data: bytes) -> None:
    key = parse_public_key(public_pem(ec.derive_private_key(7, ec.SECP256R1())))

    assert not key.verifies(data, b"message")


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 5), (5, 0), (P256.order, 5), (2**256 + 5, 5)],
)
def test_encoded_numbers_out_of_range(r: int, s: int) -> None:
    key = parse_public_key(public_pem(ec.derive_private_key(7, ec.SECP256R1())))

    assert not key.verifies(utils.encode_dss_signature(r, s), b"message")


@pytest.mark.parametrize("wrong", [hashes.SHA384(), hashes.SHA512(), hashes.SHA1()])  # noqa: S303  # must be refused
def test_another_hash_than_the_curves_is_refused(wrong: hashes.HashAlgorithm) -> None:
    private = ec.generate_private_key(ec.SECP256R1())

    signature = private.sign(b"message", ec.ECDSA(wrong))

    assert not parse_public_key(public_pem(private)).verifies(signature, b"message")


@pytest.mark.parametrize("curve", [P256, P384, P521], ids=lambda curve: curve.name)
def test_public_keys_are_read(curve: Curve) -> None:
    private = ec.generate_private_key(PEERS[curve.name])
    numbers = private.public_key().public_numbers()

    key = parse_public_key(b"# a comment before\n" + public_pem(private) + b"\n")

    assert (key.curve, key.point) == (curve, (numbers.x, numbers.y))


def _spki(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def _off_the_curve() -> bytes:
    pem = _spki(ec.derive_private_key(7, ec.SECP256R1())).decode().splitlines()
    pem[2] = ("A" if pem[2][0] != "A" else "B") + pem[2][1:]
    return "\n".join(pem).encode()


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"", "0 PEM blocks"),
        (_spki(ec.derive_private_key(7, ec.SECP256R1())) * 2, "2 PEM blocks"),
        (_spki(ed25519.Ed25519PrivateKey.generate()), "no elliptic curve key"),
        (_spki(rsa.generate_private_key(65537, 2048)), "no elliptic curve key"),
        (_spki(ec.generate_private_key(ec.SECP256K1())), "another curve"),
        (_off_the_curve(), "not on the curve"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "expected a value"),
        (b"-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\n", "not base64"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "0 PEM blocks"),
    ],
)
def test_other_keys_are_refused(pem: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_public_key(pem)
