"""Scraping and alerts of the caches on the nodes."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.monitoring import alerts, pod_monitor
from components.monitoring.contract import WatchedLoader
from components.objects import KubernetesObject
from stacks.spec.monitoring import Monitoring


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedCache:
    """The cache of one pool.

    Attributes:
        name: value of the name label of its pods.
        loaders: one per model it keeps; at least one.
    """

    name: str
    loaders: Sequence[WatchedLoader]


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheMonitoringArgs:
    """What is watched.

    Attributes:
        caches: one per pool.
        monitoring: the stack's ``monitoring`` section.
        after: resources that must be there first, the namespace for instance.
    """

    caches: Sequence[WatchedCache]
    monitoring: Monitoring
    after: tuple[pulumi.Resource, ...]


class CacheMonitoring(pulumi.ComponentResource):
    """Children, one of each per pool: PodMonitor and PrometheusRule, named as the cache of the pool."""

    def __init__(self, name: str, args: CacheMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:monitoring:CacheMonitoring", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        for cache in args.caches:
            monitor = pod_monitor.render(cache.name, cache.loaders[0], args.monitoring)
            KubernetesObject(cache.name, monitor, child)
            KubernetesObject(cache.name, alerts.render_loaders(cache.name, cache.loaders, args.monitoring), child)
        self.register_outputs({})
