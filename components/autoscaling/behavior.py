"""How fast the number of pods moves, for both kinds of scaler (autoscaling/v2 ``behavior``).

A pod leaves only after the one before has drained: the period between two steps down is never shorter than the grace
period, so that draining pods, which keep their cards, never pile up.
"""

from dataclasses import dataclass
from typing import Final, Literal

from components.objects import Manifest

_PERIOD_LIMIT_SECONDS: Final = 1800
"""Longest ``periodSeconds`` the API server takes (autoscaling/v2 ``HPAScalingPolicy``)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """One direction-by-direction pace.

    Attributes:
        up: pods (or percent) that may be added per ``up_seconds``.
        down: pods (or percent) that may be removed per ``down_seconds``.
        unit: what ``up`` and ``down`` count.
        calm_seconds: the lowest wish of this long counts, so that a short lull removes nothing.
    """

    up: int
    up_seconds: int
    down: int
    down_seconds: int
    unit: Literal["Percent", "Pods"]
    calm_seconds: int


SLOW_START: Final = Pace(up=2, up_seconds=60, down=1, down_seconds=180, unit="Pods", calm_seconds=600)
"""For servers that load weights onto cards: what was removed takes minutes to come back."""

QUICK_START: Final = Pace(up=100, up_seconds=15, down=50, down_seconds=60, unit="Percent", calm_seconds=300)
"""For plain services on processors."""


def render(pace: Pace, *, grace_seconds: int) -> Manifest:
    """Return ``behavior`` for pods that may take ``grace_seconds`` to leave."""
    down_seconds = min(max(pace.down_seconds, grace_seconds), _PERIOD_LIMIT_SECONDS)
    return {
        "scaleUp": {
            "policies": [{"type": pace.unit, "value": pace.up, "periodSeconds": pace.up_seconds}],
            "stabilizationWindowSeconds": 0,
        },
        "scaleDown": {
            "policies": [{"type": pace.unit, "value": pace.down, "periodSeconds": down_seconds}],
            "stabilizationWindowSeconds": pace.calm_seconds,
        },
    }
