"""What every operation shares: the cluster, the settings, the log and the wish to stop."""

import threading
from dataclasses import dataclass, field

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.annotations import PATCH_FIELD_MANAGER, annotation
from rehearsal.providers.kubernetes.cluster import Cluster
from rehearsal.providers.kubernetes.kubeconfig import KubeconfigError, find_access, load
from rehearsal.providers.kubernetes.naming import new_field_manager
from rehearsal.providers.kubernetes.settings import Settings
from rehearsal.providers.serve import EngineLog, ProviderError

_HINT = "check the address, the credentials and the context in the provider's kubeconfig, and that the cluster runs"


@dataclass(slots=True)
class Session:
    """One configured provider. ``problem`` says why there is no cluster."""

    engine: EngineLog
    cancelled: threading.Event
    settings: Settings = field(default_factory=Settings)
    cluster: Cluster | None = None
    problem: str = "the provider has not been configured"
    missing_namespaces: set[str] = field(default_factory=set[str])
    _warned: bool = False

    def configure(self, settings: Settings) -> None:
        """Choose the cluster. An unusable kubeconfig is kept as the problem: previews may go on without a cluster."""
        self.settings = settings
        try:
            config, folder = load(settings.kubeconfig)
            access = find_access(
                config, folder, context=settings.context, cluster=settings.cluster, namespace=settings.namespace
            )
        except KubeconfigError as error:
            self.problem = str(error)
        else:
            self.cluster, self.problem = Cluster(access), ""

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none."""
        return self.cluster.access.namespace if self.cluster else self.settings.namespace or "default"

    def unreachable(self) -> str:
        """Say why the cluster cannot be used; empty when it can."""
        return self.problem if self.cluster is None else self.cluster.unreachable()

    def warn_unreachable(self, urn: str) -> None:
        """Say once that previews are made without the cluster."""
        if not self._warned:
            self._warned = True
            self.engine.warning(
                f"configured Kubernetes cluster is unreachable: {self.unreachable()}; "
                "this preview shows inputs only, nothing was checked by a server",
                urn,
            )

    def require(self) -> Cluster:
        """Get the cluster for an operation that needs it.

        Raises:
            ProviderError: it cannot be reached.
        """
        reason = self.unreachable()
        if self.cluster is None or reason:
            raise ProviderError(f"configured Kubernetes cluster is unreachable: {reason}; {_HINT}")
        return self.cluster

    def field_manager(self, inputs: Tree, known: str = "") -> str:
        """Name the owner of our fields: the annotation, else the one in state, else a new one."""
        return annotation(inputs, PATCH_FIELD_MANAGER) or known or new_field_manager()
