"""What is known of a local cluster; the outputs of the dynamic resource."""

from dataclasses import asdict, dataclass
from typing import Any, Final

SECRET_OUTPUTS: Final = ("kubeconfig",)


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalFacts:
    """A local cluster that exists.

    Attributes:
        kubeconfig: the administrator's kubeconfig, contents; opens the cluster.
        kubeconfig_path: file with the same contents.
        server: URL of the API server.
        kubernetes_version: server version; empty = not asked.
        running: it answers; a stopped cluster keeps its data.
    """

    kubeconfig: str
    kubeconfig_path: str
    server: str
    kubernetes_version: str
    running: bool

    def outputs(self) -> dict[str, Any]:
        """Return what goes into the state; ``running`` does not, it is looked up each time."""
        outputs = asdict(self)
        del outputs["running"]
        return outputs
