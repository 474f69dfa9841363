"""Scraping and alerts of one model."""

from dataclasses import dataclass

import pulumi

from components.monitoring import alerts, pod_monitor, service_monitor
from components.monitoring.contract import Watched, WatchedLoader
from components.objects import KubernetesObject
from components.runtimes.contract import Server
from components.workload.contract import Endpoint
from stacks.spec.monitoring import Monitoring


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelMonitoringArgs:
    """What is watched.

    Attributes:
        endpoint: the served model.
        server: its server; start-up budget and metric names come from it.
        min_pods, max_pods: bounds of the number of pods.
        waiting_per_pod: waiting requests per pod that are still fine; None = no queue.
        queue_scaled: KEDA moves the number of pods.
        loader: the loader that runs on in each pod; None = there is none.
        cron_job: CronJob that brings new versions; None = there is none.
        load_seconds: time the weights may take before the server starts.
        monitoring: the stack's ``monitoring`` section.
        after: resources that must be there first, the namespace for instance.
    """

    endpoint: Endpoint
    server: Server
    loader: WatchedLoader | None
    cron_job: str | None
    min_pods: int
    max_pods: int
    waiting_per_pod: int | None
    queue_scaled: bool
    load_seconds: int
    monitoring: Monitoring
    after: tuple[pulumi.Resource, ...] = ()


class ModelMonitoring(pulumi.ComponentResource):
    """Children, all named ``{name}``: PrometheusRule, and monitors of what shows metrics: server and loader."""

    def __init__(self, name: str, args: ModelMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:monitoring:ModelMonitoring", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        target = watched(args)
        monitor = service_monitor.render(target, args.monitoring)
        if monitor is not None:
            KubernetesObject(name, monitor, child)
        if args.loader is not None:
            KubernetesObject(name, pod_monitor.render(name, args.loader, args.monitoring), child)
        KubernetesObject(name, alerts.render(target, args.monitoring), child)
        self.register_outputs({})


def watched(args: ModelMonitoringArgs) -> Watched:
    """Return the plain data of the model."""
    endpoint, server = args.endpoint, args.server
    return Watched(
        name=endpoint.name,
        namespace=endpoint.namespace,
        port_name=endpoint.metrics_port_name,
        metrics_path=endpoint.metrics_path,
        startup_seconds=args.load_seconds + server.startup_seconds,
        min_pods=args.min_pods,
        max_pods=args.max_pods,
        queue_metric=None if server.queue is None else server.queue.name,
        waiting_per_pod=args.waiting_per_pod,
        cache_metric=server.cache_metric,
        queue_scaled=args.queue_scaled,
        loader=args.loader,
        cron_job=args.cron_job,
    )
