"""Alerts on what the model's own pods show: they need nothing but the ServiceMonitor."""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alert import Alert, minutes
from components.monitoring.contract import Watched

_OUTAGE_MINUTES: Final = 5
_HOLD_MINUTES: Final = 10
_CACHE_FULL: Final = 0.95


def alerts(watched: Watched) -> Iterator[Alert]:
    """Yield the alerts of one model; none for a server without metrics."""
    if watched.metrics_path is None:
        return
    yield _no_ready_target(watched)
    yield _scrape_failing(watched)
    if watched.queue_metric is not None:
        yield _metric_vanished(watched, watched.queue_metric)
    if watched.queue_metric is not None and watched.waiting_per_pod is not None:
        yield _queue_growing(watched, watched.queue_metric, watched.waiting_per_pod)
    if watched.cache_metric is not None:
        yield _cache_saturated(watched, watched.cache_metric)


def _no_ready_target(watched: Watched) -> Alert:
    """``absent`` of a healthy target, because ``up == 0`` says nothing once the target itself is gone.

    A model of one pod is rightly away while that pod starts; the first start of a larger one can fire.
    """
    patience = minutes(watched.startup_seconds) if watched.min_pods == 1 else 0
    return Alert(
        name="ModelNoReadyTarget",
        expression=f"absent(up{{{watched.series}}} == 1)",
        minutes=max(_OUTAGE_MINUTES, patience),
        severity="critical",
        summary=f"No pod of model {watched.name} answers.",
        description="Prometheus reads metrics from no pod of it: requests fail. Look at its pods and their events.",
    )


def _scrape_failing(watched: Watched) -> Alert:
    """A pod that still starts has no metrics yet, so its start-up budget is not a fault."""
    return Alert(
        name="ModelScrapeFailing",
        expression=f"up{{{watched.series}}} == 0",
        minutes=minutes(watched.startup_seconds) + _OUTAGE_MINUTES,
        severity="warning",
        summary=f"Metrics of a pod of model {watched.name} cannot be read.",
        description=(
            "Pod {{ $labels.pod }} has given no metrics for longer than a start takes; scaling counts without it."
        ),
    )


def _metric_vanished(watched: Watched, metric: str) -> Alert:
    up = f"group by (namespace, service) (up{{{watched.series}}} == 1)"
    shown = f"group by (namespace, service) ({metric}{{{watched.series}}})"
    return Alert(
        name="ModelMetricVanished",
        expression=f"{up} unless on (namespace, service) {shown}",
        minutes=_HOLD_MINUTES,
        severity="warning",
        summary=f"Model {watched.name} answers, but no longer shows {metric}.",
        description="A new server version may have renamed it: scaling and other alerts that read it are blind.",
    )


def _queue_growing(watched: Watched, metric: str, per_pod: int) -> Alert:
    """More waits than the most pods the model may have would take, so adding pods will not cure it."""
    return Alert(
        name="ModelQueueGrowing",
        expression=f"sum by (namespace, service) ({metric}{{{watched.series}}}) > {per_pod * watched.max_pods}",
        minutes=_HOLD_MINUTES,
        severity="warning",
        summary=f"Requests of model {watched.name} wait although no more pods are allowed.",
        description=(
            f"{{{{ $value }}}} requests wait; {watched.max_pods} pods are meant for {per_pod} each. "
            "Raise scaling.max, or look for pods that do not start."
        ),
    )


def _cache_saturated(watched: Watched, metric: str) -> Alert:
    return Alert(
        name="ModelKVCacheSaturated",
        expression=f"{metric}{{{watched.series}}} > {_CACHE_FULL}",
        minutes=_HOLD_MINUTES,
        severity="warning",
        summary=f"A pod of model {watched.name} has no memory left for more requests.",
        description=(
            "The key-value cache of pod {{ $labels.pod }} is {{ $value | humanizePercentage }} full: requests wait or "
            "are computed again. Lower runtime.maxModelLen, or add pods or cards."
        ),
    )
