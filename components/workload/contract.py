"""What scaling, monitoring and outputs need to know of a served model."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleTarget:
    """The object whose ``scale`` subresource a scaler moves."""

    api_version: str
    kind: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """One model that can be called.

    Attributes:
        name: the model's name.
        namespace: where its objects are.
        url: address clients use.
        service: name of the Service.
        metrics_port_name, metrics_path: where metrics are scraped; path None = nowhere.
        scale_target: what a scaler moves; None for runtimes that scale themselves.
        container: name of the server container (for per-container CPU scaling).
        barrier: the one resource that is there when the model serves; depend on it, not on the component.
    """

    name: str
    namespace: str
    url: pulumi.Output[str]
    service: str
    metrics_port_name: str
    metrics_path: str | None
    scale_target: ScaleTarget | None
    container: str
    barrier: pulumi.Resource
