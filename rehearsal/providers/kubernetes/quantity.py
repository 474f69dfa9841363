"""The canonical spelling of quantities, as the API server stores them.

Rules: ``CanonicalizeBytes`` in k8s.io/apimachinery v0.34.4 ``pkg/api/resource/quantity.go``: no fraction, the largest
suffix that loses nothing, binary suffixes only from 1024 up and only for whole numbers, nothing finer than nano.
"""

import math
import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

from rehearsal.providers.codec import Json

_FORMAT: Final = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?")
_BINARY: Final = {"": 0, "Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_FROM: Final = 1024


def canonical(value: Json) -> Json:
    """Write a quantity canonically. What is none comes back as it is; the server will refuse it by name."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return value
    spelled = _canonical(str(value).strip())
    return value if spelled is None else spelled


@lru_cache(maxsize=1024)  # a program writes the same few quantities again and again
def _canonical(spelled: str) -> str | None:
    match = _FORMAT.fullmatch(spelled)
    if match is None:
        return None
    sign, digits, binary, decimal, exponent = match.groups()
    amount = Fraction(digits) * (-1 if sign == "-" else 1)
    if binary:
        amount *= 2 ** _BINARY[binary]
        if amount.denominator == 1 and abs(amount) >= _BINARY_FROM:
            return _spell(amount, {suffix: Fraction(2**power) for suffix, power in _BINARY.items()})
    elif decimal:
        amount *= Fraction(10) ** _DECIMAL[decimal]
    elif exponent is not None:
        powers = {f"e{power}" if power else "": Fraction(10) ** power for power in _DECIMAL.values()}
        return _spell(_nano(amount * Fraction(10) ** int(exponent)), powers)
    return _spell(_nano(amount), {suffix: Fraction(10) ** power for suffix, power in _DECIMAL.items()})


def _nano(amount: Fraction) -> Fraction:
    scaled = abs(amount) * 10**9
    return Fraction(math.ceil(scaled), 10**9) * (-1 if amount < 0 else 1)


def _spell(amount: Fraction, units: dict[str, Fraction]) -> str:
    if amount == 0:
        return "0"
    exact = {suffix: size for suffix, size in units.items() if (amount / size).denominator == 1}
    suffix = max(exact, key=exact.__getitem__)
    return f"{amount / exact[suffix]}{suffix}"
