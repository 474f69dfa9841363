"""The identity of model pods: no rights and no token (Kubernetes, "Configure Service Accounts for Pods")."""

from collections.abc import Sequence

from components.names import labels
from components.objects import Manifest


def render_service_account(name: str, namespace: str, pull_secrets: Sequence[str]) -> Manifest:
    """Return the service account.

    Args:
        name: its name.
        namespace: its namespace.
        pull_secrets: names of pull secrets its pods use.
    """
    account: Manifest = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace, "labels": labels(name, "identity")},
        "automountServiceAccountToken": False,
    }
    if pull_secrets:
        account["imagePullSecrets"] = [{"name": secret} for secret in sorted(set(pull_secrets))]
    return account
