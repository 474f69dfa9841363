"""Kubernetes objects as Pulumi resources, made from the manifest a person would write.

A manifest is plain camelCase data, so that the same value can be registered, sent to an API server, compared with a
snapshot and judged by a policy without Pulumi. ``docs/adr/0004-manifests.md`` says why the typed classes are not used.
"""

from importlib.metadata import version
from typing import Any, Final

import pulumi

Manifest = dict[str, Any]
"""One Kubernetes object, keys as in the API; values may be Pulumi inputs."""

_SDK_VERSION: Final = version("pulumi-kubernetes")
_SECRET_FIELDS: Final = ("data", "stringData")


def type_token(api_version: str, kind: str) -> str:
    """Return Pulumi's type token, for instance ``kubernetes:apps/v1:Deployment`` (core has the group ``core``)."""
    group_version = api_version if "/" in api_version else f"core/{api_version}"
    return f"kubernetes:{group_version}:{kind}"


class KubernetesObject(pulumi.CustomResource):
    """One object of any kind.

    The contents of a Secret are secret outputs, as the typed class of the SDK makes them.
    """

    metadata: pulumi.Output[dict[str, Any]]

    def __init__(self, name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> None:
        own = pulumi.ResourceOptions(version=_SDK_VERSION)
        if manifest["kind"] == "Secret":
            own.additional_secret_outputs = list(_SECRET_FIELDS)
        token = type_token(manifest["apiVersion"], manifest["kind"])
        # Declaring `metadata` as None makes it an output that can be read back.
        super().__init__(token, name, {"metadata": None, **manifest}, pulumi.ResourceOptions.merge(opts, own))
