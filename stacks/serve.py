"""One model: from its entry in the stack file to pods, Service, scaler, monitor and network policy."""

from dataclasses import dataclass

import pulumi

from components.autoscaling.autoscaler import Autoscaler, AutoscalerArgs
from components.cluster.contract import ClusterAccess
from components.loaders import dispatch as loaders
from components.loaders.contract import METRICS_PORT_NAME, Loaded, LoaderPlace
from components.loaders.objects_component import LoaderObjects, LoaderObjectsArgs
from components.monitoring.contract import WatchedLoader
from components.monitoring.model_monitoring import ModelMonitoring, ModelMonitoringArgs
from components.node_pool.placement import placement_for
from components.runtimes import dispatch as runtimes
from components.runtimes.contract import Server
from components.security.model_network_policy import ModelNetworkPolicy, ModelNetworkPolicyArgs
from components.security.network_policy import ModelTraffic
from components.security.tenancy import Tenancy
from components.workload.contract import Endpoint
from components.workload.model_server import ModelServer, ModelServerArgs
from components.workload.pod import PodPlacement
from stacks.plan.loading import load_seconds, loader_of, startup_seconds
from stacks.plan.placement import accelerators_of, require_pool
from stacks.plan.rollout import replacement_of
from stacks.plan.scaling import ScalingPlan, scaling_of
from stacks.spec.loader import SidecarLoader
from stacks.spec.model import ExposeLoadBalancer, Model, Scaling
from stacks.spec.runtime import HttpRuntime
from stacks.spec.stack import StackSpec
from stacks.trust import trust_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What all models of a stack have in common.

    Attributes:
        spec: the stack file.
        cluster: where they run.
        tenancy: their namespace.
        pull_secret: name of the registry's pull secret; None = public images only.
        storage_claim: claim of the shared volume; None = there is none.
        before_pods: resources that must be there before a pod starts.
    """

    spec: StackSpec
    cluster: ClusterAccess
    tenancy: Tenancy
    pull_secret: str | None
    storage_claim: str | None
    before_pods: tuple[pulumi.Resource, ...]


def serve(model: Model, shared: Shared, opts: pulumi.ResourceOptions) -> Endpoint:
    """Declare everything one model needs and return how to call it."""
    pool, scaling = require_pool(shared.spec, model), scaling_of(model)
    server = _server(model, shared.spec)
    loaded = loaders.render(loader_of(shared.spec, model), model.source, _place(model, shared, server))

    policy = ModelNetworkPolicy(model.name, _policy(model, shared, server, loaded), opts)
    args = ModelServerArgs(
        namespace=shared.tenancy.namespace,
        server=server,
        loaded=loaded,
        placement=_placement(model, shared),
        expose=model.expose,
        min_pods=scaling.min_replicas,
        max_pods=scaling.max_replicas,
        strategy=replacement_of(shared.spec, model, pool),
        load_seconds=load_seconds(model),
        kubernetes_version=shared.cluster.kubernetes_version,
        after=(*shared.before_pods, policy.barrier, *_load_first(model, shared, loaded, opts)),
    )
    endpoint = ModelServer(model.name, args, opts).endpoint
    _watch(model, shared, endpoint, server, loaded, opts)
    return endpoint


def _load_first(
    model: Model, shared: Shared, loaded: Loaded, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, ...]:
    """Declare the loader's own objects and return what the pods wait for."""
    if not loaded.objects:
        return ()
    args = LoaderObjectsArgs(objects=loaded.objects, after=shared.before_pods)
    return (LoaderObjects(model.name, args, opts).barrier,)


def _server(model: Model, spec: StackSpec) -> Server:
    return runtimes.render(
        model.runtime,
        name=model.name,
        accelerators=accelerators_of(model, require_pool(spec, model)),
        model_path=loaders.model_path(loader_of(spec, model), model.source),
        startup_seconds=startup_seconds(model),
        drain_seconds=model.rollout.drain_seconds,
    )


def _place(model: Model, shared: Shared, server: Server) -> LoaderPlace:
    return LoaderPlace(
        model=model.name,
        namespace=shared.tenancy.namespace,
        service_account=shared.tenancy.service_account,
        nodes=placement_for(require_pool(shared.spec, model), 0),
        kubernetes_version=shared.cluster.kubernetes_version,
        storage_claim=shared.storage_claim,
        pull_secret=shared.pull_secret,
        user=server.user,
        server_port=server.http_port,
        reload=model.runtime.reload if isinstance(model.runtime, HttpRuntime) else None,
        cidrs=shared.spec.security.loader_cidrs,
        trust=trust_of(shared.spec, model),
    )


def _placement(model: Model, shared: Shared) -> PodPlacement:
    return PodPlacement(
        nodes=placement_for(require_pool(shared.spec, model), model.placement.accelerators),
        cpu=model.placement.cpu,
        memory_gib=model.placement.memory_gib,
        image_pull_secrets=(shared.pull_secret,) if shared.pull_secret else (),
        service_account=shared.tenancy.service_account,
    )


def _policy(model: Model, shared: Shared, server: Server, loaded: Loaded) -> ModelNetworkPolicyArgs:
    monitoring, security = shared.spec.monitoring, shared.spec.security
    served = [] if server.metrics_path is None else [server.ports[server.metrics_port]]
    loading = [] if loaded.metrics_port is None else [loaded.metrics_port]
    traffic = ModelTraffic(
        serving_port=server.http_port,
        client_namespaces=security.client_namespaces,
        source_ranges=model.expose.source_ranges if isinstance(model.expose, ExposeLoadBalancer) else (),
        metrics_ports=[*served, *loading],
        monitoring_namespace=monitoring.namespace if monitoring else None,
        loader_ports=loaded.egress_ports,
        loader_cidrs=security.loader_cidrs,
    )
    return ModelNetworkPolicyArgs(
        namespace=shared.tenancy.namespace, traffic=traffic, after=(shared.tenancy.namespace_object,)
    )


def _watch(  # the parts of one model
    model: Model,
    shared: Shared,
    endpoint: Endpoint,
    server: Server,
    loaded: Loaded,
    opts: pulumi.ResourceOptions,
) -> None:
    """Declare the model's scaler and monitor."""
    scaling, monitoring = scaling_of(model), shared.spec.monitoring
    Autoscaler(
        model.name,
        AutoscalerArgs(
            endpoint=endpoint,
            server=server,
            scaling=_resolved(scaling),
            prometheus_url=monitoring.prometheus_url if monitoring else None,
        ),
        opts,
    )
    if monitoring is None:
        return
    args = ModelMonitoringArgs(
        endpoint=endpoint,
        server=server,
        loader=_watched_loader(model, shared, endpoint.namespace),
        cron_job=next((one["metadata"]["name"] for one in loaded.objects if one["kind"] == "CronJob"), None),
        min_pods=scaling.min_replicas,
        max_pods=scaling.max_replicas,
        waiting_per_pod=scaling.queue_target(server.queue.target if server.queue else None),
        queue_scaled=scaling.signal == "queue",
        load_seconds=load_seconds(model),
        monitoring=monitoring,
        after=(shared.tenancy.namespace_object,),
    )
    ModelMonitoring(model.name, args, opts)


def _watched_loader(model: Model, shared: Shared, namespace: str) -> WatchedLoader | None:
    """Return what is watched of a loader that follows a tag in every pod."""
    loader = loader_of(shared.spec, model)
    if not isinstance(loader, SidecarLoader):
        return None
    return WatchedLoader(
        model=model.name,
        namespace=namespace,
        port_name=METRICS_PORT_NAME,
        pause_seconds=loader.interval_seconds,
        budget_seconds=load_seconds(model) + startup_seconds(model),
    )


def _resolved(plan: ScalingPlan) -> Scaling:
    """Return the scaling section with everything said, so that nobody below has a default of their own."""
    return Scaling(min=plan.min_replicas, max=plan.max_replicas, on=plan.signal, target=plan.target)
