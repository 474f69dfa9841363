"""The cache of models on the nodes, declared where a model of the stack is loaded that way."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import pulumi

from components.cluster.contract import ClusterAccess
from components.loaders.contract import METRICS_PORT_NAME
from components.loaders.node_cache_component import Credentials, NodeCache, NodeCacheArgs
from components.loaders.node_cache_pods import INTERVAL_SECONDS, CachedModel, CachePool, cache_namespace
from components.monitoring.cache_monitoring import CacheMonitoring, CacheMonitoringArgs, WatchedCache
from components.monitoring.contract import WatchedLoader
from components.node_pool.placement import placement_for
from components.security.tenancy import Tenancy
from stacks.plan.loading import load_seconds
from stacks.serve import PULL_SECRET
from stacks.spec.loader import NodeCacheLoader
from stacks.spec.source import ImageSource
from stacks.spec.stack import StackSpec

_NAME: Final = "node-cache"


def declare_cache(
    spec: StackSpec,
    cluster: ClusterAccess,
    tenancy: Tenancy,
    secrets: Mapping[str, pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource | None:
    """Declare the cache and return what its readers wait for; None where no model is loaded that way."""
    pools = tuple(_pools(spec))
    if not pools:
        return None
    args = NodeCacheArgs(
        namespace=tenancy.namespace,
        pools=pools,
        kubernetes_version=cluster.kubernetes_version,
        credentials=_credentials(spec, secrets),
        cidrs=spec.security.loader_cidrs,
        monitoring_namespace=spec.monitoring.namespace if spec.monitoring else None,
        after=(tenancy.namespace_object,),
    )
    barrier = NodeCache(_NAME, args, opts).barrier
    if spec.monitoring is not None:
        watch = CacheMonitoringArgs(caches=tuple(_watched(pools, spec)), monitoring=spec.monitoring, after=(barrier,))
        CacheMonitoring(_NAME, watch, opts)
    return barrier


def _watched(pools: Iterable[CachePool], spec: StackSpec) -> Iterator[WatchedCache]:
    namespace, models = cache_namespace(spec.security.namespace), {model.name: model for model in spec.models}
    for pool in pools:
        loaders = [
            WatchedLoader(
                model=cached.name,
                namespace=namespace,
                port_name=METRICS_PORT_NAME,
                pause_seconds=INTERVAL_SECONDS,
                budget_seconds=load_seconds(models[cached.name]),
            )
            for cached in pool.models
        ]
        yield WatchedCache(name=pool.name, loaders=loaders)


def _pools(spec: StackSpec) -> Iterator[CachePool]:
    for pool in spec.node_pools:
        cached = [
            (model.loader.image, CachedModel(name=model.name, source=model.source))
            for model in spec.models
            if model.placement.node_pool == pool.name and isinstance(model.loader, NodeCacheLoader)
            if model.source is not None and not isinstance(model.source, ImageSource)
        ]
        if cached:
            models = [model for _, model in cached]
            # No accelerator: the cache runs beside the servers and takes nothing they need.
            yield CachePool(pool=pool.name, nodes=placement_for(pool, 0), image=cached[0][0], models=models)


def _credentials(spec: StackSpec, secrets: Mapping[str, pulumi.Output[str]]) -> Credentials | None:
    if spec.registry is None:
        return None
    own = spec.registry
    return Credentials(
        name=PULL_SECRET,
        server=own.server,
        username=secrets[own.username_key],
        password=secrets[own.password_key],
    )
