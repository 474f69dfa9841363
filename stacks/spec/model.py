"""Section ``models``: one entry per served model."""

from typing import Annotated, Literal

from pydantic import Field

from stacks.spec.base import Cidr, Name, Section
from stacks.spec.loader import Loader
from stacks.spec.loading import Signature
from stacks.spec.runtime import Runtime
from stacks.spec.source import Source


class Placement(Section):
    """Which nodes a model runs on, and what one pod of it asks for."""

    node_pool: Name = Field(description="name of one of `nodePools`")
    accelerators: int | None = Field(
        default=None, ge=0, le=16, description="cards for one pod; left out: 1 in an accelerator pool, else 0"
    )
    cpu: float = Field(default=2, gt=0, le=1024, description="vCPU one pod asks for")
    memory_gib: float = Field(default=8, gt=0, le=8192, description="memory one pod asks for and may use, GiB")


class Scaling(Section):
    """How many pods, and what moves the number."""

    min: int = Field(default=1, ge=1, le=1000, description="pods that always run")
    max: int | None = Field(default=None, ge=1, le=1000, description="pods at most; left out: min, so no scaler")
    on: Literal["queue", "cpu"] | None = Field(
        default=None, description="queue = requests waiting in the runtime, through KEDA; cpu = share of the request"
    )
    target: int | None = Field(
        default=None, ge=1, le=100_000, description="per pod: waiting requests (queue, 5) or percent of CPU (cpu, 70)"
    )


class Rollout(Section):
    """Overrides of derived time budgets."""

    startup_seconds: int | None = Field(
        default=None, ge=10, le=14_400, description="time one pod may take to start; left out: from the model's size"
    )
    drain_seconds: int | None = Field(
        default=None, ge=5, le=3600, description="time a leaving pod has to finish requests; left out: the runtime's"
    )


class ExposeCluster(Section):
    """Reachable inside the cluster only."""

    type: Literal["cluster"]


class ExposeLoadBalancer(Section):
    """A load balancer of the cloud in front of the Service."""

    type: Literal["loadBalancer"]
    source_ranges: tuple[Cidr, ...] = Field(min_length=1, description="networks that may call; 0.0.0.0/0 means anyone")


Expose = Annotated[ExposeCluster | ExposeLoadBalancer, Field(discriminator="type")]


class Model(Section):
    """One model behind one URL."""

    name: Name = Field(description="unique in the stack; names every object of the model")
    runtime: Runtime = Field(description="the server program")
    source: Source | None = Field(default=None, description="where the weights are; left out: the image brings them")
    placement: Placement = Field(description="nodes and resources")
    loader: Loader | None = Field(default=None, description="how the weights reach the pod; left out: type init")
    signature: Signature | None = Field(default=None, description="who must have signed it; left out: no check")
    scaling: Scaling = Field(default=Scaling(), description="number of pods")
    rollout: Rollout = Field(default=Rollout(), description="time budgets")
    expose: Expose = Field(default=ExposeCluster(type="cluster"), description="who can reach it")
