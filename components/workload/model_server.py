"""One model behind one Service, on any pod runtime."""

from dataclasses import dataclass
from typing import Any, cast

import pulumi

from components.loaders.contract import Loaded
from components.objects import KubernetesObject
from components.runtimes.contract import Server
from components.workload import manifests, pod
from components.workload.contract import Endpoint, ScaleTarget
from components.workload.pod import PodPlacement
from components.workload.rollout import RolloutTimes, Strategy, times
from stacks.spec.model import Expose, ExposeLoadBalancer


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelServerArgs:
    """What one model is made of.

    Attributes:
        namespace: namespace of every object.
        server: the server container.
        loaded: what brings the weights; its ConfigMaps are made elsewhere, once for all models.
        placement: nodes and resources.
        expose: who can reach it.
        min_pods, max_pods: pods; a difference means that a scaler owns the number.
        strategy: how pods are replaced.
        load_seconds: time the loader may take before the server starts.
        kubernetes_version: (major, minor) of the cluster.
        after: resources that must be there before pods start and may go only after them: namespace, claim, code.
    """

    namespace: str
    server: Server
    loaded: Loaded
    placement: PodPlacement
    expose: Expose
    min_pods: int
    max_pods: int
    strategy: Strategy
    load_seconds: int
    kubernetes_version: tuple[int, int]
    after: tuple[pulumi.Resource, ...] = ()


class ModelServer(pulumi.ComponentResource):
    """Children: Deployment, Service and, for more than one pod, PodDisruptionBudget, all named ``{name}``.

    The Service is the barrier: it is registered after the Deployment, because both would otherwise start their clocks
    together and a long load would fail the Service.
    """

    endpoint: Endpoint
    url: pulumi.Output[str]

    def __init__(self, name: str, args: ModelServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:workload:ModelServer", name, None, opts)
        budget = times(args.server, load_seconds=args.load_seconds, max_pods=args.max_pods)
        deployment = KubernetesObject(name, _deployment(name, args, budget), self._deployment_options(args, budget))
        service = KubernetesObject(
            name,
            # Declaring `status` makes it an output: a load balancer's address is read from there.
            {**manifests.service(name, args.namespace, args.server, args.expose), "status": None},
            pulumi.ResourceOptions(parent=self, depends_on=[deployment]),
        )
        guard = manifests.disruption_budget(name, args.namespace, max_pods=args.max_pods)
        if guard is not None:
            KubernetesObject(name, guard, pulumi.ResourceOptions(parent=self, depends_on=list(args.after)))
        self.url = _url(name, args, service)
        self.endpoint = Endpoint(
            name=name,
            namespace=args.namespace,
            url=self.url,
            service=name,
            metrics_port_name=args.server.metrics_port,
            metrics_path=args.server.metrics_path,
            scale_target=ScaleTarget(api_version="apps/v1", kind="Deployment", name=name),
            container=pod.CONTAINER,
            barrier=service,
        )
        self.register_outputs({"url": self.url})

    def _deployment_options(self, args: ModelServerArgs, budget: RolloutTimes) -> pulumi.ResourceOptions:
        timeouts = pulumi.CustomTimeouts(
            create=f"{budget.create}s", update=f"{budget.update}s", delete=f"{budget.delete}s"
        )
        return pulumi.ResourceOptions(
            parent=self,
            custom_timeouts=timeouts,
            depends_on=list(args.after),
            # Set once to the minimum and then left to the scaler, or every update would fight with it.
            ignore_changes=["spec.replicas"] if args.max_pods > args.min_pods else None,
        )


def _deployment(name: str, args: ModelServerArgs, budget: RolloutTimes) -> dict[str, Any]:
    template = pod.render(
        args.server, args.loaded, args.placement, name=name, kubernetes_version=args.kubernetes_version
    )
    return manifests.deployment(
        name, args.namespace, template, replicas=args.min_pods, chosen=args.strategy, budget=budget
    )


def _url(name: str, args: ModelServerArgs, service: KubernetesObject) -> pulumi.Output[str]:
    """Return the address clients use: the Service's name inside the cluster, or the load balancer's address."""
    port = args.server.http_port
    if not isinstance(args.expose, ExposeLoadBalancer):
        return pulumi.Output.from_input(f"http://{name}.{args.namespace}.svc:{port}")
    status = cast("pulumi.Output[Any]", service.__dict__["status"])
    return status.apply(lambda value: f"http://{load_balancer_address(value)}:{port}")


def load_balancer_address(status: dict[str, Any] | None) -> str:
    """Return the first address of a Service's status; ``address-pending`` while the cloud has given none."""
    balancer: dict[str, Any] = (status or {}).get("loadBalancer") or {}
    addresses: list[dict[str, Any]] = balancer.get("ingress") or []
    if not addresses:
        return "address-pending"
    return str(addresses[0].get("hostname") or addresses[0].get("ip"))
