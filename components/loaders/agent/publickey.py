"""Public keys in PEM files, and ECDSA signatures, read as strictly as DER asks for."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from .ecdsa import P256, P384, P521, Curve, verify

_PEM: Final = re.compile(
    rb"-----BEGIN PUBLIC KEY-----\s(?P<body>[A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----", flags=re.ASCII
)
_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_BIT_STRING: Final = 0x03
_OID: Final = 0x06
_LONG: Final = 0x80
_UNCOMPRESSED: Final = 4

_EC_PUBLIC_KEY: Final = bytes.fromhex("2a8648ce3d0201")  # 1.2.840.10045.2.1 (RFC 5480, section 2.1.1)
_CURVES: Final = {
    bytes.fromhex("2a8648ce3d030107"): P256,  # 1.2.840.10045.3.1.7 (RFC 5480, section 2.1.1.1)
    bytes.fromhex("2b81040022"): P384,  # 1.3.132.0.34
    bytes.fromhex("2b81040023"): P521,  # 1.3.132.0.35
}


class _Der:
    """Reads one value after the other; anything but the shortest encoding is refused."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, tag: int) -> bytes:
        """Return the content of the next value."""
        if len(self._data) < 2 or self._data[0] != tag:  # noqa: PLR2004  # tag and length
            raise ValueError(f"expected a value of type 0x{tag:02x}")
        length, start = self._data[1], 2
        if length >= _LONG:
            start += length - _LONG
            digits = self._data[2:start]
            length = int.from_bytes(digits, "big")
            if not digits or digits[0] == 0 or length < _LONG:
                raise ValueError("a length is not in its shortest form")
        content, rest = self._data[start : start + length], self._data[start + length :]
        if len(content) != length:
            raise ValueError("a value ends too early")
        self._data = rest
        return content

    def integer(self) -> int:
        """Return the next value, a number that is not negative."""
        content = self.take(_INTEGER)
        if not content or content[0] >= _LONG or (content[0] == 0 and len(content) > 1 and content[1] < _LONG):
            raise ValueError("a number is negative or not in its shortest form")
        return int.from_bytes(content, "big")

    def end(self) -> None:
        """Refuse what is left over."""
        if self._data:
            raise ValueError("bytes are left over")


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicKey:
    """A key that signatures are checked with.

    Attributes:
        curve: decides on the algorithm.
        point: the key itself.
        fingerprint: sha256 of its SubjectPublicKeyInfo in DER, hex.
    """

    curve: Curve
    point: tuple[int, int]
    fingerprint: str

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Return whether a DER signature (RFC 3279, section 2.2.3) of a message is by this key."""
        try:
            numbers = _signature(signature)
        except ValueError:
            return False
        return verify(self.curve, self.point, numbers, message)


def _signature(data: bytes) -> tuple[int, int]:
    outer = _Der(data)
    inner = _Der(outer.take(_SEQUENCE))
    outer.end()
    numbers = inner.integer(), inner.integer()
    inner.end()
    return numbers


def parse_public_key(pem: bytes) -> PublicKey:
    """Parse one PEM "PUBLIC KEY" (RFC 7468, section 13) of a curve that signatures can be checked with.

    Raises:
        ValueError: it is something else; the text says what.
    """
    blocks = list(_PEM.finditer(pem))
    if len(blocks) != 1:
        raise ValueError(f"holds {len(blocks)} PEM blocks 'PUBLIC KEY', exactly one is needed")
    try:
        data = base64.b64decode(b"".join(blocks[0]["body"].split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"is not base64 ({error})") from error
    outer = _Der(data)
    info = _Der(outer.take(_SEQUENCE))
    outer.end()
    algorithm = _Der(info.take(_SEQUENCE))
    bits = info.take(_BIT_STRING)
    info.end()
    if algorithm.take(_OID) != _EC_PUBLIC_KEY:
        raise ValueError("is no elliptic curve key (RSA and Ed25519 are not supported)")
    curve = _CURVES.get(algorithm.take(_OID))
    algorithm.end()
    if curve is None:
        raise ValueError("is of another curve than P-256, P-384 or P-521")
    return PublicKey(curve=curve, point=_point(curve, bits), fingerprint=hashlib.sha256(data).hexdigest())


def _point(curve: Curve, bits: bytes) -> tuple[int, int]:
    size = curve.size_bytes
    if len(bits) != 2 + 2 * size or bits[0] != 0 or bits[1] != _UNCOMPRESSED:
        raise ValueError("its point is not in the uncompressed form (openssl ec -conv_form uncompressed)")
    x, y = (int.from_bytes(bits[start : start + size], "big") for start in (2, 2 + size))
    if not curve.holds(x, y):
        raise ValueError("its point is not on the curve")
    return x, y
