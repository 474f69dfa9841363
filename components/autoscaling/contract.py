"""What both kinds of scaler need to know, as plain data."""

from dataclasses import dataclass

from components.objects import Manifest
from components.workload.contract import ScaleTarget


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaled:
    """One workload that is scaled.

    Attributes:
        name: the model's name; the scaler has it too.
        namespace: where the objects are.
        target: the object whose number of pods moves.
        service: name of the Service whose pods are counted; the monitor makes it a label of every series.
        container: name of the server container.
        min_pods, max_pods: bounds.
        grace_seconds: time a leaving pod may take.
    """

    name: str
    namespace: str
    target: ScaleTarget
    service: str
    container: str
    min_pods: int
    max_pods: int
    grace_seconds: int

    @property
    def target_reference(self) -> Manifest:
        """``scaleTargetRef`` of either kind of scaler."""
        return {"apiVersion": self.target.api_version, "kind": self.target.kind, "name": self.target.name}
