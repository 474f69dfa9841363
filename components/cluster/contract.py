"""What every kind of cluster gives to the parts above it."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterAccess:
    """A cluster one can put objects into.

    Attributes:
        provider: the one explicit Kubernetes provider; everything else inherits it through its parent.
        name: name for people.
        kubernetes_version: (major, minor); capabilities are judged by it.
        simulated: nodes are ours to make, pods run without containers.
        kubeconfig_path: where a person finds the kubeconfig; None where it is a secret of the stack only.
    """

    provider: pulumi.ProviderResource
    name: str
    kubernetes_version: tuple[int, int]
    simulated: bool
    kubeconfig_path: pulumi.Output[str] | None
