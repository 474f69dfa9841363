"""From a model's ``scaling`` section to its one scaler."""

from typing import assert_never

from components.autoscaling import hpa, keda
from components.autoscaling.contract import Scaled
from components.objects import Manifest
from components.runtimes.contract import Server
from stacks.spec.model import Scaling


def render(scaling: Scaling, server: Server, scaled: Scaled, *, prometheus_url: str | None) -> Manifest | None:
    """Return the scaler's manifest; None where the number of pods is fixed.

    Args:
        scaling: the section with the signal filled in; ``on`` None = nothing moves the number.
        server: the server; a queue metric comes from it.
        scaled: the workload and its bounds.
        prometheus_url: where KEDA reaches Prometheus; None = there is none.

    Raises:
        ValueError: the queue is to scale the model and there is no queue metric or no Prometheus to ask.
    """
    if scaled.max_pods <= scaled.min_pods:
        return None
    match scaling.on:
        case None:
            return None
        case "cpu":
            return hpa.render(scaled, cpu_percent=hpa.CPU_PERCENT if scaling.target is None else scaling.target)
        case "queue":
            return _on_queue(scaling.target, server, scaled, prometheus_url)
        case _:
            assert_never(scaling.on)


def _on_queue(target: int | None, server: Server, scaled: Scaled, prometheus_url: str | None) -> Manifest:
    if server.queue is None:
        raise ValueError(
            f'model "{scaled.name}": scaling.on is "queue", but this runtime shows no queue; set scaling.on to "cpu"'
        )
    if prometheus_url is None:
        raise ValueError(
            f'model "{scaled.name}": scaling.on is "queue", but the stack has no monitoring.prometheusUrl for KEDA to '
            'ask; set it, or set scaling.on to "cpu"'
        )
    waiting = server.queue.target if target is None else target
    return keda.render(scaled, metric=server.queue.name, waiting_per_pod=waiting, prometheus_url=prometheus_url)
