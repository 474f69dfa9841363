"""What each kind of cluster hands to the component that makes the one provider of it."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeCluster:
    """A cluster before it has a provider.

    Attributes:
        name: name for people.
        identifier: stable, plain cluster id; while it stays, a new kubeconfig replaces no object.
        kubeconfig: contents, secret.
        context: context in it; None = its current one.
        kubernetes_version: ``1.34`` or ``1.34.4``.
        simulated: nodes are ours to make.
        kubeconfig_path: file a person can use; None = there is none.
    """

    name: str
    identifier: str
    kubeconfig: pulumi.Output[str]
    context: str | None
    kubernetes_version: str
    simulated: bool
    kubeconfig_path: pulumi.Output[str] | None
