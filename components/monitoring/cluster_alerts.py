"""Alerts on what the cluster knows of the model: they need kube-state-metrics, one needs KEDA's own metrics.

Where those are not scraped the expressions have no result and the alerts stay silent. Several series of
kube-state-metrics exist only while they are true, so presence is what is asked for (its documentation, 2.20).
"""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alert import Alert, minutes
from components.monitoring.contract import Watched

_AT_MAX_MINUTES: Final = 30
_START_EXTRA_MINUTES: Final = 5
_HOLD_MINUTES: Final = 10


def alerts(watched: Watched) -> Iterator[Alert]:
    """Yield the alerts of one model."""
    if watched.max_pods > watched.min_pods:
        yield _at_max(watched)
    if watched.queue_scaled:
        yield _scaler_failing(watched)
    if watched.cron_job is not None:
        yield _sync_failing(watched, watched.cron_job)
    yield _not_ready(watched)
    yield _crash_looping(watched)
    yield _out_of_memory(watched)


def _at_max(watched: Watched) -> Alert:
    deployment = f'namespace="{watched.namespace}",deployment="{watched.name}"'
    return Alert(
        name="ModelReplicasAtMax",
        expression=f"kube_deployment_spec_replicas{{{deployment}}} >= {watched.max_pods}",
        minutes=_AT_MAX_MINUTES,
        severity="warning",
        summary=f"Model {watched.name} has run with all the pods it may have for half an hour.",
        description=f"It has {watched.max_pods} pods; more load will make requests wait. Raise scaling.max in time.",
    )


def _scaler_failing(watched: Watched) -> Alert:
    """KEDA's series carry their own namespace, which scraping without ``honorLabels`` renames."""
    metric = "keda_scaler_detail_errors_total"
    kept = f'{metric}{{namespace="{watched.namespace}",scaledObject="{watched.name}"}}'
    renamed = f'{metric}{{exported_namespace="{watched.namespace}",scaledObject="{watched.name}"}}'
    return Alert(
        name="ModelScalerFailing",
        expression=f"increase({kept}[10m]) > 0 or increase({renamed}[10m]) > 0",
        minutes=_HOLD_MINUTES,
        severity="warning",
        summary=f"KEDA cannot read the queue of model {watched.name}.",
        description="It keeps the pods that are there and adds none. Look at the ScaledObject's conditions.",
    )


def _sync_failing(watched: Watched, cron_job: str) -> Alert:
    """A run that goes on has started after the last success too, so its whole budget passes first."""
    of_it = f'{{namespace="{watched.namespace}",cronjob="{cron_job}"}}'
    started = f"kube_cronjob_status_last_schedule_time{of_it}"
    done = f"kube_cronjob_status_last_successful_time{of_it}"
    on = "on (namespace, cronjob)"
    return Alert(
        name="ModelSyncFailing",
        expression=f"{started} unless {on} ({done} >= {on} {started})",
        minutes=minutes(watched.startup_seconds) + _HOLD_MINUTES,
        severity="warning",
        summary=f"Newer versions of model {watched.name} do not reach the shared storage.",
        description=f"CronJob {cron_job} has not succeeded since its last start. Look at the log of its last Job.",
    )


def _not_ready(watched: Watched) -> Alert:
    return Alert(
        name="ModelPodNotReadyLong",
        expression=f'kube_pod_status_ready{{{watched.pods},condition="true"}} == 0',
        minutes=minutes(watched.startup_seconds) + _START_EXTRA_MINUTES,
        severity="warning",
        summary=f"A pod of model {watched.name} does not become ready.",
        description="Pod {{ $labels.pod }} has not been ready for longer than a start may take. Look at its events.",
    )


def _crash_looping(watched: Watched) -> Alert:
    """Over five minutes, because the reason is gone in the moments a container runs."""
    waiting = f'{{{watched.pods},reason="CrashLoopBackOff"}}[5m]'
    server = f"max_over_time(kube_pod_container_status_waiting_reason{waiting})"
    loader = f"max_over_time(kube_pod_init_container_status_waiting_reason{waiting})"
    return Alert(
        name="ModelCrashLooping",
        expression=f"{server} >= 1 or {loader} >= 1",
        minutes=_HOLD_MINUTES,
        severity="warning",
        summary=f"A container of model {watched.name} keeps failing.",
        description="Container {{ $labels.container }} of pod {{ $labels.pod }} is restarted again and again.",
    )


def _out_of_memory(watched: Watched) -> Alert:
    on = "on (namespace, pod, container)"
    restarts = f"increase(kube_pod_container_status_restarts_total{{{watched.pods}}}[15m]) > 0"
    killed = f'kube_pod_container_status_last_terminated_reason{{{watched.pods},reason="OOMKilled"}} == 1'
    return Alert(
        name="ModelOutOfMemory",
        expression=f"{restarts} and {on} {killed}",
        minutes=0,
        severity="warning",
        summary=f"A container of model {watched.name} was killed because its memory limit was reached.",
        description=(
            "Container {{ $labels.container }} of pod {{ $labels.pod }} was restarted. Raise placement.memoryGib."
        ),
    )
