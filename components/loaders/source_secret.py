"""The credentials of one model's source as a Secret with the one file the agent reads."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.loaders.source_args import CREDENTIALS_FILE
from components.names import labels
from components.objects import KubernetesObject, Manifest
from stacks.spec.secrets import source_keys
from stacks.spec.source import AgentSource, S3Source


def secret_name(model: str) -> str:
    """Return the Secret's name; it stays when the credentials change, so that nothing that mounts it is replaced."""
    return f"{model}-source"


def needs_secret(source: AgentSource) -> bool:
    """Return whether a source is read with credentials of its own."""
    return bool(source_keys(source))


def credentials_text(source: AgentSource, values: Mapping[str, str]) -> str:
    """Return the file in the form the agent's ``--credentials`` takes.

    Args:
        source: an object store has a key pair, as in ``~/.aws/credentials``; the others have a bearer token.
        values: the secrets by the name of their key.
    """
    found = [values[key].strip() for _, key in source_keys(source)]
    if isinstance(source, S3Source):
        access, secret = found
        return f"[default]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n"
    (token,) = found
    return f"{token}\n"


def render_secret(model: str, namespace: str, encoded: pulumi.Input[str]) -> Manifest:
    """Return the Secret.

    Args:
        model: the model's name.
        namespace: namespace of the pods that load it.
        encoded: base64 of the file.
    """
    name = secret_name(model)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": labels(name, "loader")},
        "type": "Opaque",
        "data": {CREDENTIALS_FILE: encoded},
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSecretArgs:
    """Arguments of a source's credentials.

    Attributes:
        source: where the weights are; it names its secret keys.
        secrets: values by the name of the key.
        namespace: namespace of the pods that load.
        after: resources that must be there first, the namespace for instance.
    """

    source: AgentSource
    secrets: Mapping[str, pulumi.Output[str]]
    namespace: str
    after: tuple[pulumi.Resource, ...] = ()


class SourceSecret(pulumi.ComponentResource):
    """One child, the Secret of the model ``{name}``.

    Attributes:
        barrier: the Secret.
    """

    barrier: pulumi.Resource

    def __init__(self, name: str, args: SourceSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:loaders:SourceSecret", name, None, opts)

        def encode(values: dict[str, str]) -> str:
            return b64encode(credentials_text(args.source, values).encode()).decode()

        wanted = {key: args.secrets[key] for _, key in source_keys(args.source)}
        encoded = pulumi.Output.secret(pulumi.Output.all(**wanted).apply(encode))
        options = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        manifest = render_secret(name, args.namespace, encoded)
        self.barrier = KubernetesObject(secret_name(name), manifest, options)
        self.register_outputs({})
