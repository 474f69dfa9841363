"""What every kind of cluster gives to the parts above it."""

from dataclasses import dataclass

import pulumi

from stacks.spec.cluster import Operator


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterAccess:
    """A cluster one can put objects into.

    Attributes:
        provider: the one explicit Kubernetes provider; everything else inherits it through its parent.
        name: name for people.
        kubernetes_version: (major, minor); capabilities are judged by it.
        simulated: nodes are ours to make, pods run without containers.
        operators: operators whose custom resources the API server accepts.
        kubeconfig_path: where a person finds the kubeconfig; None where it is a secret of the stack only.
    """

    provider: pulumi.ProviderResource
    name: str
    kubernetes_version: tuple[int, int]
    simulated: bool
    operators: frozenset[Operator]
    kubeconfig_path: pulumi.Output[str] | None

    @property
    def native_sidecars(self) -> bool:
        """Init containers with ``restartPolicy: Always``: on by default from 1.29 (KEP 753)."""
        return self.kubernetes_version >= (1, 29)

    @property
    def image_volumes(self) -> bool:
        """Volumes from OCI images: on by default from 1.35 (KEP 4639)."""
        return self.kubernetes_version >= (1, 35)
