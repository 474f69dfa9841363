"""Credentials of a private registry as a pull secret (Kubernetes, "Pull an Image from a Private Registry")."""

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Final

import pulumi

from components.names import labels
from components.objects import KubernetesObject, Manifest

CONFIG_KEY: Final = ".dockerconfigjson"
"""Key of the Secret, and name of the file where it is mounted."""

_DOCKER_HUB: Final = ("docker.io", "index.docker.io", "registry-1.docker.io")
_DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
"""The name under which the kubelet looks up Docker Hub's credentials (same page)."""


def docker_config(server: str, username: str, password: str) -> str:
    """Return the contents of a Docker configuration file with credentials for one registry.

    Args:
        server: host[:port] of the registry.
        username: user name.
        password: password or token.
    """
    auth = b64encode(f"{username}:{password}".encode()).decode()
    entry = {"username": username, "password": password, "auth": auth}
    keys = sorted({server, _DOCKER_HUB_KEY}) if server in _DOCKER_HUB else [server]
    return json.dumps({"auths": dict.fromkeys(keys, entry)}, separators=(",", ":"), sort_keys=True)


def render_secret(name: str, namespace: str, encoded: pulumi.Input[str]) -> Manifest:
    """Return the Secret.

    Args:
        name: its name; stays when the credentials change, so that nothing that mounts it is replaced.
        namespace: its namespace.
        encoded: base64 of the Docker configuration.
    """
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": labels(name, "registry")},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {CONFIG_KEY: encoded},
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class PullSecretArgs:
    """Arguments of a pull secret.

    Attributes:
        server: host[:port] of the registry.
        username: user name.
        password: password or token.
        namespace: namespace of the pods that pull.
        after: resources that must be there first, the namespace for instance.
    """

    server: str
    username: pulumi.Output[str]
    password: pulumi.Output[str]
    namespace: str
    after: tuple[pulumi.Resource, ...] = ()


class PullSecret(pulumi.ComponentResource):
    """One child, the Secret ``{name}``.

    Attributes:
        barrier: the Secret.
    """

    barrier: pulumi.Resource

    def __init__(self, name: str, args: PullSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:registry:PullSecret", name, None, opts)

        def encode(values: dict[str, str]) -> str:
            return b64encode(docker_config(args.server, values["username"], values["password"]).encode()).decode()

        both = pulumi.Output.all(username=args.username, password=args.password)
        encoded = pulumi.Output.secret(both.apply(encode))
        options = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        self.barrier = KubernetesObject(name, render_secret(name, args.namespace, encoded), options)
        self.register_outputs({})
