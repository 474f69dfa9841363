"""The cache on the nodes, for the models of a stack that read from it."""

from collections.abc import Iterable, Iterator, Mapping

import pulumi

from components.cluster.contract import ClusterAccess
from components.loaders.contract import METRICS_PORT_NAME
from components.loaders.node_cache_component import Credentials, NodeCache, NodeCacheArgs
from components.loaders.node_cache_pods import INTERVAL_SECONDS, CachedModel, CachePool, cache_namespace
from components.monitoring.cache_monitoring import CacheMonitoring, CacheMonitoringArgs, WatchedCache
from components.monitoring.contract import WatchedLoader
from components.node_pool.placement import placement_for
from components.security.tenancy import Tenancy
from stacks.plan.loading import load_seconds, loader_of
from stacks.spec.loader import NodeCacheLoader
from stacks.spec.node_pool import NodePool
from stacks.spec.source import ImageSource
from stacks.spec.stack import StackSpec
from stacks.trust import trust_of

_NAME = "node-cache"


def declare_node_cache(  # what build knows, each once
    spec: StackSpec,
    cluster: ClusterAccess,
    tenancy: Tenancy,
    pull_secret: str | None,
    secrets: Mapping[str, pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Resource, ...]:
    """Declare the cache and return what its readers wait for; nothing where no model reads from it."""
    pools = tuple(pool for pool in (_cache_pool(spec, pool) for pool in spec.node_pools) if pool is not None)
    if not pools:
        return ()
    args = NodeCacheArgs(
        namespace=tenancy.namespace,
        pools=pools,
        kubernetes_version=cluster.kubernetes_version,
        credentials=_credentials(spec, pull_secret, secrets),
        secrets=secrets,
        cidrs=spec.security.loader_cidrs,
        monitoring_namespace=spec.monitoring.namespace if spec.monitoring else None,
        after=(tenancy.namespace_object,),
    )
    barrier = NodeCache(_NAME, args, opts).barrier
    if spec.monitoring is not None:
        watch = CacheMonitoringArgs(caches=tuple(_watched(pools, spec)), monitoring=spec.monitoring, after=(barrier,))
        CacheMonitoring(_NAME, watch, opts)
    return (barrier,)


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


def _cache_pool(spec: StackSpec, pool: NodePool) -> CachePool | None:
    """Return the cache of one pool; None where no model of it has one.

    Raises:
        LookupError: the rules were not run: they let the models of one pool name one image only.
    """
    models: list[CachedModel] = []
    images: set[str] = set()
    for model in spec.models:
        loader = loader_of(spec, model)
        if model.placement.node_pool != pool.name or not isinstance(loader, NodeCacheLoader):
            continue
        if model.source is not None and not isinstance(model.source, ImageSource):
            models.append(CachedModel(name=model.name, source=model.source, trust=trust_of(spec, model)))
            images.add(loader.image)
    if not models:
        return None
    if len(images) > 1:
        raise LookupError(f"node pool {pool.name}: its cache runs one image, not {len(images)}; check the spec first")
    return CachePool(pool=pool.name, nodes=placement_for(pool, 0), image=images.pop(), models=models)


def _credentials(
    spec: StackSpec, pull_secret: str | None, secrets: Mapping[str, pulumi.Output[str]]
) -> Credentials | None:
    if spec.registry is None or pull_secret is None:
        return None
    return Credentials(
        name=pull_secret,
        server=spec.registry.server,
        username=secrets[spec.registry.username_key],
        password=secrets[spec.registry.password_key],
    )
