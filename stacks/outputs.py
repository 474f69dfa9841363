"""What a stack tells: how to call each model, how to look around, how to tear down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.cluster.contract import ClusterAccess
from components.workload.contract import Endpoint
from stacks.plan.loader_choice import told
from stacks.plan.loading import choice_of
from stacks.spec.cluster import ExistingCluster
from stacks.spec.stack import StackSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """A stack whose resources are declared.

    Attributes:
        spec: the stack file.
        cluster: where everything runs.
        endpoints: one per model.
        stand_ins: secret keys whose values were made up.
    """

    spec: StackSpec
    cluster: ClusterAccess
    endpoints: tuple[Endpoint, ...]
    stand_ins: tuple[str, ...]


def outputs_of(built: Built) -> Mapping[str, pulumi.Input[Any]]:
    """Return the stack outputs; a kubeconfig is never among them, only the path of one on this machine."""
    outputs: dict[str, pulumi.Input[Any]] = {
        "cluster": f"{built.cluster.name} ({built.spec.cluster.type}, Kubernetes {_version(built.cluster)})",
        "models": {endpoint.name: endpoint.url for endpoint in built.endpoints},
        "lookAround": _look_around(built),
    }
    loaders = {model.name: told(choice_of(built.spec, model)) for model in built.spec.models if model.source}
    if loaders:
        outputs["loaders"] = loaders
    if built.cluster.kubeconfig_path is not None:
        outputs["kubeconfigPath"] = built.cluster.kubeconfig_path
    if built.stand_ins:
        outputs["standInSecrets"] = list(built.stand_ins)
    if not isinstance(built.spec.cluster, ExistingCluster):
        outputs["tearDown"] = "make down" if pulumi.get_stack() == "dev" else "pulumi destroy"
    return outputs


def _version(cluster: ClusterAccess) -> str:
    return ".".join(map(str, cluster.kubernetes_version))


def _look_around(built: Built) -> pulumi.Input[str]:
    namespace = built.spec.security.namespace
    command = f"-n {namespace} get pods,services,hpa,pvc"
    if built.cluster.kubeconfig_path is None:
        return f"kubectl {command}"
    return pulumi.Output.concat("kubectl --kubeconfig ", built.cluster.kubeconfig_path, f" {command}")
