"""The one scaler of a model."""

from dataclasses import dataclass

import pulumi

from components.autoscaling import dispatch
from components.autoscaling.contract import Scaled
from components.objects import KubernetesObject
from components.runtimes.contract import Server
from components.workload.contract import Endpoint, ScaleTarget
from stacks.spec.model import Scaling


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoscalerArgs:
    """What is scaled, and by what.

    Attributes:
        endpoint: the served model.
        server: its server; queue metric and grace period come from it.
        scaling: the model's ``scaling`` section.
        prometheus_url: where KEDA reaches Prometheus; None = there is none.
    """

    endpoint: Endpoint
    server: Server
    scaling: Scaling
    prometheus_url: str | None


class Autoscaler(pulumi.ComponentResource):
    """Child: one HorizontalPodAutoscaler or one ScaledObject named ``{name}``, none where the number is fixed.

    It waits for the served model: KEDA's admission webhook looks at the Deployment it is to scale.
    """

    scaler: KubernetesObject | None

    def __init__(self, name: str, args: AutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:autoscaling:Autoscaler", name, None, opts)
        self.scaler = None
        manifest = self._manifest(name, args)
        if manifest is not None:
            options = pulumi.ResourceOptions(parent=self, depends_on=[args.endpoint.barrier])
            self.scaler = KubernetesObject(name, manifest, options)
        self.register_outputs({})

    @staticmethod
    def _manifest(name: str, args: AutoscalerArgs) -> dict[str, object] | None:
        target = args.endpoint.scale_target
        if target is None:
            return None  # the runtime scales itself; a second scaler would fight with it
        return dispatch.render(
            args.scaling, args.server, scaled(name, args, target), prometheus_url=args.prometheus_url
        )


def scaled(name: str, args: AutoscalerArgs, target: ScaleTarget) -> Scaled:
    """Return the plain data of the workload."""
    return Scaled(
        name=name,
        namespace=args.endpoint.namespace,
        target=target,
        service=args.endpoint.service,
        container=args.endpoint.container,
        min_pods=args.scaling.min,
        max_pods=args.scaling.max or args.scaling.min,
        grace_seconds=args.server.drain.grace_seconds,
    )
