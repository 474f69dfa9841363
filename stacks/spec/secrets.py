"""Which secret keys a spec names; the values never pass through here."""

from collections.abc import Iterator

from stacks.spec.cluster import ExistingCluster, KubeconfigFromKey
from stacks.spec.file_source import HttpSource, HuggingFaceSource, S3Credentials, S3Source
from stacks.spec.source import Source
from stacks.spec.stack import StackSpec


def secret_keys(spec: StackSpec) -> Iterator[tuple[str, str]]:
    """Yield ``(path of the naming field, name of the secret key)`` for every secret the stack needs."""
    if isinstance(spec.cluster, ExistingCluster) and isinstance(spec.cluster.kubeconfig, KubeconfigFromKey):
        yield "slipway:cluster.kubeconfig.key", spec.cluster.kubeconfig.key
    if spec.registry is not None:
        yield "slipway:registry.usernameKey", spec.registry.username_key
        yield "slipway:registry.passwordKey", spec.registry.password_key
    for index, model in enumerate(spec.models):
        for field, key in source_keys(model.source):
            yield f"slipway:models[{index}].source.{field}", key


def source_keys(source: Source | None) -> tuple[tuple[str, str], ...]:
    """Return (field, name of the secret key) for every secret that a source needs; none for anonymous access."""
    match source:
        case S3Source(credentials=S3Credentials() as pair):
            return (
                ("credentials.accessKeyIdKey", pair.access_key_id_key),
                ("credentials.secretAccessKeyKey", pair.secret_access_key_key),
            )
        case HttpSource(token_key=str() as key) | HuggingFaceSource(token_key=str() as key):
            return (("tokenKey", key),)
        case _:
            return ()
