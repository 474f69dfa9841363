"""Stack files of any size for the benchmarks, and the plan of one without an engine."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from components.autoscaling import dispatch as scalers
from components.autoscaling.contract import Scaled
from components.loaders import dispatch as loaders
from components.loaders.contract import Loaded, LoaderPlace
from components.monitoring import alerts, service_monitor
from components.monitoring.contract import Watched
from components.node_pool.placement import placement_for
from components.runtimes import dispatch as runtimes
from components.security.network_policy import ModelTraffic, render_model
from components.workload import manifests, pod
from components.workload.contract import ScaleTarget
from components.workload.rollout import times
from stacks.parse import Unparsed, parse
from stacks.plan.loading import load_seconds, loader_of, startup_seconds
from stacks.plan.placement import accelerators_of, require_pool
from stacks.plan.rollout import replacement_of
from stacks.plan.scaling import ScalingPlan, scaling_of
from stacks.rules.every import check
from stacks.spec.monitoring import Monitoring

if TYPE_CHECKING:
    from components.node_pool.contract import NodeTarget
    from components.runtimes.contract import Server
    from stacks.spec.model import Model
    from stacks.spec.node_pool import NodePool
    from stacks.spec.stack import StackSpec

OBJECTS_PER_MODEL = 7
"""Deployment, Service, PodDisruptionBudget, scaler, ServiceMonitor, PrometheusRule, NetworkPolicy."""

_VERSION = (1, 34)


def sections(models: int, namespace: str, kubeconfig: str) -> dict[str, Any]:
    """Return a stack of vLLM and plain HTTP models, half each, on a cluster that exists."""
    digest = hashlib.sha256(b"benchmark").hexdigest()
    llm: dict[str, Any] = {
        "source": {"type": "oci", "reference": f"registry.example.com/m@sha256:{digest}", "sizeGib": 8},
        "runtime": {"type": "vllm"},
        "placement": {"nodePool": "gpu", "cpu": 1, "memoryGib": 4},
        "scaling": {"min": 1, "max": 2, "on": "queue"},
    }
    web: dict[str, Any] = {
        "runtime": {"type": "http", "image": "registry.example.com/web:1.0.0", "metricsPath": "/metrics"},
        "placement": {"nodePool": "cpu", "cpu": 0.1, "memoryGib": 0.5},
        "scaling": {"min": 1, "max": 2, "on": "cpu"},
    }
    return {
        "cluster": {
            "type": "existing",
            "kubeconfig": {"type": "file", "path": kubeconfig},
            "identifier": "benchmark",
            "kubernetesVersion": "1.34",
            "operators": ["keda", "prometheusOperator"],
        },
        "nodePools": [
            {"name": "gpu", "accelerator": "nvidia-l20", "acceleratorsPerNode": 16, "min": 14, "max": 14},
            {"name": "cpu", "min": 2, "max": 2, "cpu": 64, "memoryGib": 256},
        ],
        "models": [{"name": f"model-{i:03}", **(web if i % 2 else llm)} for i in range(models)],
        "monitoring": {"prometheusUrl": "http://prometheus.monitoring.svc:9090"},
        "security": {"namespace": namespace},
    }


def plan(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every object of the models: spec, rules, figures and renderers, without Pulumi.

    Raises:
        ValueError: the stack is wrong.
    """
    spec = parse(data)
    if isinstance(spec, Unparsed) or check(spec):
        raise ValueError("the benchmark's own stack is wrong")
    objects: list[dict[str, Any]] = []
    for model in spec.models:
        pool, scaling = require_pool(spec, model), scaling_of(model)
        server = runtimes.render(
            model.runtime,
            name=model.name,
            accelerators=accelerators_of(model, pool),
            model_path=loaders.model_path(loader_of(spec, model), model.source),
            startup_seconds=startup_seconds(model),
            drain_seconds=None,
        )
        objects += [made for made in _objects(model, spec, pool, scaling, server) if made is not None]
    return objects


def _objects(
    model: Model, spec: StackSpec, pool: NodePool, scaling: ScalingPlan, server: Server
) -> list[dict[str, Any] | None]:
    """Return one model's objects, by the same renderers the components use."""
    name, namespace, monitoring = model.name, spec.security.namespace, spec.monitoring or Monitoring()
    nodes = placement_for(pool, model.placement.accelerators)
    loaded = loaders.render(loader_of(spec, model), model.source, _place(name, namespace, server, nodes))
    placement = pod.PodPlacement(
        nodes=nodes,
        cpu=model.placement.cpu,
        memory_gib=model.placement.memory_gib,
        image_pull_secrets=(),
        service_account="model-server",
    )
    budget = times(server, load_seconds=load_seconds(model), max_pods=scaling.max_replicas)
    template = pod.render(server, loaded, placement, name=name, kubernetes_version=_VERSION)
    watched = _watched(name, namespace, server, scaling, load_seconds(model))
    return [
        manifests.deployment(
            name,
            namespace,
            template,
            replicas=scaling.min_replicas,
            chosen=replacement_of(spec, model, pool),
            budget=budget,
        ),
        manifests.service(name, namespace, server, model.expose),
        manifests.disruption_budget(name, namespace, max_pods=scaling.max_replicas),
        scalers.render(
            model.scaling,
            server,
            _scaled(name, namespace, server, scaling),
            prometheus_url=monitoring.prometheus_url,
        ),
        service_monitor.render(watched, monitoring),
        alerts.render(watched, monitoring),
        render_model(name, namespace, _traffic(server, loaded)),
    ]


def _place(name: str, namespace: str, server: Server, nodes: NodeTarget) -> LoaderPlace:
    return LoaderPlace(
        model=name,
        namespace=namespace,
        service_account="model-server",
        nodes=nodes,
        kubernetes_version=_VERSION,
        storage_claim=None,
        pull_secret=None,
        user=server.user,
        server_port=server.http_port,
    )


def _watched(name: str, namespace: str, server: Server, scaling: ScalingPlan, loading_seconds: int) -> Watched:
    return Watched(
        name=name,
        namespace=namespace,
        port_name=server.metrics_port,
        metrics_path=server.metrics_path,
        startup_seconds=loading_seconds + server.startup_seconds,
        min_pods=scaling.min_replicas,
        max_pods=scaling.max_replicas,
        queue_metric=server.queue.name if server.queue else None,
        waiting_per_pod=scaling.target if server.queue else None,
        cache_metric=None,
        queue_scaled=scaling.signal == "queue",
        loader=None,
        cron_job=None,
    )


def _scaled(name: str, namespace: str, server: Server, scaling: ScalingPlan) -> Scaled:
    return Scaled(
        name=name,
        namespace=namespace,
        target=ScaleTarget(api_version="apps/v1", kind="Deployment", name=name),
        service=name,
        container=pod.CONTAINER,
        min_pods=scaling.min_replicas,
        max_pods=scaling.max_replicas,
        grace_seconds=server.drain.grace_seconds,
    )


def _traffic(server: Server, loaded: Loaded) -> ModelTraffic:
    return ModelTraffic(
        serving_port=server.http_port,
        client_namespaces=(),
        source_ranges=(),
        metrics_ports=(server.ports[server.metrics_port],),
        monitoring_namespace="monitoring",
        loader_ports=loaded.egress_ports,
        loader_cidrs=(),
    )
