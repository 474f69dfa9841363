"""The openings of one model."""

from dataclasses import dataclass

import pulumi

from components.objects import KubernetesObject
from components.security.network_policy import ModelTraffic, render_model


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelNetworkPolicyArgs:
    """Arguments of a model's policy.

    Attributes:
        namespace: namespace of the model.
        traffic: its openings.
        after: resources that must be there first, the namespace for instance.
    """

    namespace: str
    traffic: ModelTraffic
    after: tuple[pulumi.Resource, ...] = ()


class ModelNetworkPolicy(pulumi.ComponentResource):
    """One child, the NetworkPolicy ``{name}``.

    Attributes:
        barrier: the policy; a pod that starts before it cannot load.
    """

    barrier: pulumi.Resource

    def __init__(self, name: str, args: ModelNetworkPolicyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:security:ModelNetworkPolicy", name, None, opts)
        options = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        self.barrier = KubernetesObject(name, render_model(name, args.namespace, args.traffic), options)
        self.register_outputs({})
