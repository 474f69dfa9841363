"""From a model's ``scaling`` section to its one scaler."""

from typing import Literal, assert_never

from components.autoscaling import hpa, keda
from components.autoscaling.contract import Scaled
from components.objects import Manifest
from components.runtimes.contract import Server
from stacks.spec.model import Scaling

Signal = Literal["cpu", "queue"]
"""What moves the number of pods, as ``scaling.on`` names it."""


def signal(scaling: Scaling, server: Server) -> Signal | None:
    """Return what scales the model; None where the number of pods is fixed.

    Left out, it is the queue wherever the runtime has one: the processor says little about a server on cards.
    """
    if scaling.max is None or scaling.max <= scaling.min:
        return None
    if scaling.on is not None:
        return scaling.on
    return "cpu" if server.queue is None else "queue"


def queue_target(scaling: Scaling, server: Server) -> int | None:
    """Return the waiting requests per pod that are still fine; None where the runtime has no queue."""
    if server.queue is None:
        return None
    if scaling.target is not None and signal(scaling, server) == "queue":
        return scaling.target
    return server.queue.target


def render(scaling: Scaling, server: Server, scaled: Scaled, *, prometheus_url: str | None) -> Manifest | None:
    """Return the scaler's manifest; None where the number of pods is fixed.

    Raises:
        ValueError: the queue is to scale the model and there is no queue metric or no Prometheus to ask.
    """
    chosen = signal(scaling, server)
    match chosen:
        case None:
            return None
        case "cpu":
            return hpa.render(scaled, cpu_percent=hpa.CPU_PERCENT if scaling.target is None else scaling.target)
        case "queue":
            target = queue_target(scaling, server)
            if server.queue is None or target is None or prometheus_url is None:
                raise ValueError(_queue_problem(scaled.name, server))
            return keda.render(scaled, metric=server.queue.name, waiting_per_pod=target, prometheus_url=prometheus_url)
        case _:
            assert_never(chosen)


def _queue_problem(name: str, server: Server) -> str:
    if server.queue is None:
        return f'model "{name}": scaling.on is "queue", but this runtime shows no queue; set scaling.on to "cpu"'
    return (
        f'model "{name}": scaling.on is "queue", but the stack has no monitoring.prometheusUrl for KEDA to ask; '
        'set it, or set scaling.on to "cpu"'
    )
