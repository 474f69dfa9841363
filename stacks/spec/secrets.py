"""Which secret keys a spec names; the values never pass through here."""

from collections.abc import Iterator

from stacks.spec.cluster import ExistingCluster, KubeconfigFromKey
from stacks.spec.stack import StackSpec


def secret_keys(spec: StackSpec) -> Iterator[tuple[str, str]]:
    """Yield ``(path of the naming field, name of the secret key)`` for every secret the stack needs."""
    if isinstance(spec.cluster, ExistingCluster) and isinstance(spec.cluster.kubeconfig, KubeconfigFromKey):
        yield "slipway:cluster.kubeconfig.key", spec.cluster.kubeconfig.key
    if spec.registry is not None:
        yield "slipway:registry.usernameKey", spec.registry.username_key
        yield "slipway:registry.passwordKey", spec.registry.password_key
