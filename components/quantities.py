"""Kubernetes quantities in the one spelling the API server gives back, so that nothing differs after a refresh.

The API server rewrites ``1024Mi`` to ``1Gi`` and ``0.5`` to ``500m`` (apimachinery ``resource.Quantity``, canonical
form). A program that writes another spelling sees a change where there is none.
"""

from math import ceil
from typing import Final

_STEP: Final = 1024
_UNITS: Final = ("Mi", "Gi", "Ti", "Pi")
MIB_PER_GIB: Final = 1024


def mebibytes(amount: float) -> str:
    """Return ``amount`` MiB, rounded up to a whole MiB, in canonical form."""
    value, unit = ceil(amount), 0
    while value and value % _STEP == 0 and unit < len(_UNITS) - 1:
        value, unit = value // _STEP, unit + 1
    return f"{value}{_UNITS[unit]}"


def gibibytes(amount: float) -> str:
    """Return ``amount`` GiB, rounded up to a whole MiB, in canonical form."""
    return mebibytes(amount * MIB_PER_GIB)


def cores(amount: float) -> str:
    """Return ``amount`` vCPU, rounded up to a thousandth, in canonical form."""
    milli = ceil(round(amount * 1000, 6))
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"
