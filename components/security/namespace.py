"""The namespace of the models, with its Pod Security level (Kubernetes, "Pod Security Admission")."""

from typing import Final, Literal

from components.names import labels
from components.objects import Manifest

PodSecurity = Literal["restricted", "baseline", "privileged"]

_PREFIX: Final = "pod-security.kubernetes.io"


def render_namespace(name: str, level: PodSecurity, kubernetes_version: tuple[int, int]) -> Manifest:
    """Return the namespace.

    Args:
        name: its name.
        level: level that is enforced; the strictest one is audited and warned about, except in a namespace for pods
            that can never meet it.
        kubernetes_version: (major, minor) whose definition of the levels holds, so that an upgrade of the cluster
            never refuses pods that were fine before.
    """
    major, minor = kubernetes_version
    version = f"v{major}.{minor}"
    wished = level if level == "privileged" else "restricted"
    modes = {"audit": wished, "enforce": level, "warn": wished}
    pod_security = {f"{_PREFIX}/{mode}": value for mode, value in modes.items()}
    versions = {f"{_PREFIX}/{mode}-version": version for mode in modes}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels(name, "namespace", {**pod_security, **versions})},
    }
