"""How many pods a model has and what moves the number: derived once, used by rules and by build."""

from dataclasses import dataclass
from typing import Final, Literal

from stacks.spec.model import Model
from stacks.spec.runtime import VllmRuntime

_TARGETS: Final = {"cpu": 70, "queue": 5}
"""Per pod: percent of the CPU request; waiting requests (production-stack's default for vLLM)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalingPlan:
    """The scaler of one model.

    Attributes:
        min_replicas, max_replicas: bounds.
        signal: what moves the number; None = nothing does.
        target: per pod, in the signal's unit (percent of CPU request, waiting requests).
    """

    min_replicas: int
    max_replicas: int
    signal: Literal["cpu", "queue"] | None
    target: int

    def queue_target(self, usual: int | None) -> int | None:
        """Return the waiting requests per pod that are fine; ``usual`` (the runtime's own) unless the queue scales."""
        return self.target if self.signal == "queue" else usual


def scaling_of(model: Model) -> ScalingPlan:
    """Return the model's scaling with everything left out filled in."""
    low = model.scaling.min
    high = model.scaling.max if model.scaling.max is not None else low
    signal = model.scaling.on or ("queue" if isinstance(model.runtime, VllmRuntime) else "cpu")
    target = model.scaling.target if model.scaling.target is not None else _TARGETS[signal]
    return ScalingPlan(
        min_replicas=low, max_replicas=high, signal=signal if high > low else None, target=target
    )  # fmt: skip
