"""ECDSA verification over the NIST curves, in plain Python.

Only verification: it handles no secret, so how long it takes tells nobody anything. Written after FIPS 186-5
(section 6.4.2, signature verification) and SP 800-186 (section 3.2.1, curve parameters; section 3.1.1, key checks).
"""

import hashlib
from dataclasses import dataclass
from typing import Final

Point = tuple[int, int] | None
"""A point by its affine coordinates; None is the point at infinity."""

_Jacobian = tuple[int, int, int]
"""(X, Y, Z) for the affine point (X/Z², Y/Z³); Z = 0 is the point at infinity."""

_INFINITY: Final[_Jacobian] = (1, 1, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """A curve y² = x³ - 3x + b over the integers modulo a prime.

    Attributes:
        name: as in FIPS 186-5.
        hash_name: the one hash that is used with it; a key decides on its algorithm, never a signature.
        prime: modulus of the coordinates.
        b: coefficient.
        base: the generator.
        order: of the generator; the curves have no other points (cofactor 1).
    """

    name: str
    hash_name: str
    prime: int
    b: int
    base: tuple[int, int]
    order: int

    @property
    def size_bytes(self) -> int:
        """Bytes of one coordinate."""
        return (self.prime.bit_length() + 7) // 8

    def holds(self, x: int, y: int) -> bool:
        """Return whether a pair of numbers is a point of the curve."""
        inside = 0 <= x < self.prime and 0 <= y < self.prime
        return inside and (y * y - (x * x * x - 3 * x + self.b)) % self.prime == 0

    def double(self, point: _Jacobian) -> _Jacobian:
        """Add a point to itself (Explicit-Formulas Database, shortw-jacobian-3, dbl-2001-b)."""
        x, y, z = point
        p = self.prime
        delta = z * z % p
        gamma = y * y % p
        beta = x * gamma % p
        alpha = 3 * (x - delta) * (x + delta) % p
        left = (alpha * alpha - 8 * beta) % p
        return left, (alpha * (4 * beta - left) - 8 * gamma * gamma) % p, ((y + z) ** 2 - gamma - delta) % p

    def add(self, one: _Jacobian, two: _Jacobian) -> _Jacobian:
        """Add two points, whichever they are (the same database, add-2007-bl without its shortcuts)."""
        if one[2] == 0 or two[2] == 0:
            return two if one[2] == 0 else one
        p = self.prime
        square_one, square_two = one[2] ** 2 % p, two[2] ** 2 % p
        u_one, u_two = one[0] * square_two % p, two[0] * square_one % p
        s_one, s_two = one[1] * square_two * two[2] % p, two[1] * square_one * one[2] % p
        if u_one == u_two:
            return self.double(one) if s_one == s_two else _INFINITY
        h, r = (u_two - u_one) % p, (s_two - s_one) % p
        cube = h * h * h % p
        middle = u_one * h * h % p
        x = (r * r - cube - 2 * middle) % p
        return x, (r * (middle - x) - s_one * cube) % p, one[2] * two[2] * h % p

    def combine(self, first: int, one: Point, second: int, two: Point) -> Point:
        """Return ``first * one + second * two``, both in one pass over the bits."""
        left, right = (_INFINITY if point is None else (*point, 1) for point in (one, two))
        table = (_INFINITY, left, right, self.add(left, right))
        total = _INFINITY
        for bit in reversed(range(max(first.bit_length(), second.bit_length()))):
            total = self.add(self.double(total), table[(first >> bit & 1) + 2 * (second >> bit & 1)])
        return self._affine(total)

    def _affine(self, point: _Jacobian) -> Point:
        if point[2] == 0:
            return None
        inverse = pow(point[2], -1, self.prime)
        square = inverse * inverse
        return point[0] * square % self.prime, point[1] * square * inverse % self.prime


def _number(digits: str) -> int:
    return int(digits.replace(" ", ""), 16)


P256: Final = Curve(
    name="P-256",
    hash_name="sha256",
    prime=2**256 - 2**224 + 2**192 + 2**96 - 1,
    b=_number("5ac635d8aa3a93e7b3ebbd55769886bc 651d06b0cc53b0f63bce3c3e27d2604b"),
    base=(
        _number("6b17d1f2e12c4247f8bce6e563a440f2 77037d812deb33a0f4a13945d898c296"),
        _number("4fe342e2fe1a7f9b8ee7eb4a7c0f9e16 2bce33576b315ececbb6406837bf51f5"),
    ),
    order=_number("ffffffff00000000ffffffffffffffff bce6faada7179e84f3b9cac2fc632551"),
)
P384: Final = Curve(
    name="P-384",
    hash_name="sha384",
    prime=2**384 - 2**128 - 2**96 + 2**32 - 1,
    b=_number("b3312fa7e23ee7e4988e056be3f82d19 181d9c6efe8141120314088f5013875a c656398d8a2ed19d2a85c8edd3ec2aef"),
    base=(
        _number("aa87ca22be8b05378eb1c71ef320ad74 6e1d3b628ba79b9859f741e082542a38 5502f25dbf55296c3a545e3872760ab7"),
        _number("3617de4a96262c6f5d9e98bf9292dc29 f8f41dbd289a147ce9da3113b5f0b8c0 0a60b1ce1d7e819d7a431d7c90ea0e5f"),
    ),
    order=_number("ffffffffffffffffffffffffffffffff ffffffffffffffffc7634d81f4372ddf 581a0db248b0a77aecec196accc52973"),
)
P521: Final = Curve(
    name="P-521",
    hash_name="sha512",
    prime=2**521 - 1,
    b=_number(
        "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109"
        "e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00"
    ),
    base=(
        _number(
            "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3d"
            "baa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66"
        ),
        _number(
            "11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e6"
            "62c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650"
        ),
    ),
    order=_number(
        "1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
    ),
)


def verify(curve: Curve, key: tuple[int, int], signature: tuple[int, int], message: bytes) -> bool:
    """Return whether a signature is one of this message by the owner of this key (FIPS 186-5, 6.4.2).

    Args:
        curve: the key's curve.
        key: the public point; one that is not on the curve verifies nothing.
        signature: the numbers r and s.
        message: what was signed, not its hash.
    """
    r, s = signature
    if not (0 < r < curve.order and 0 < s < curve.order and curve.holds(*key)):
        return False
    digest = hashlib.new(curve.hash_name, message).digest()
    # The leftmost bits of the hash, as many as the order has; whole bytes here, since no hash is longer than its order.
    number = int.from_bytes(digest, "big")
    inverse = pow(s, -1, curve.order)
    found = curve.combine(number * inverse % curve.order, curve.base, r * inverse % curve.order, key)
    return found is not None and found[0] % curve.order == r
