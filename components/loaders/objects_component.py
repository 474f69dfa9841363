"""The objects of one model's loader as resources, each made after those before it."""

from dataclasses import dataclass
from typing import Final

import pulumi

from components.objects import KubernetesObject, Manifest

_NOTICE_SECONDS: Final = 120
"""The Job's own deadline comes first: it says why, a timeout would not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoaderObjectsArgs:
    """Arguments of a model's loader.

    Attributes:
        objects: manifests in their order, at most one of a kind.
        after: resources that must be there first: namespace, claim, code, credentials.
    """

    objects: tuple[Manifest, ...]
    after: tuple[pulumi.Resource, ...]


class LoaderObjects(pulumi.ComponentResource):
    """Children ``{name}``, one per object. A Job is awaited, so a load that fails stops the update here.

    Attributes:
        barrier: the last object; the model's pods come after it.
    """

    barrier: pulumi.Resource

    def __init__(self, name: str, args: LoaderObjectsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:loaders:LoaderObjects", name, None, opts)
        before = list(args.after)
        for manifest in args.objects:
            options = pulumi.ResourceOptions(parent=self, depends_on=before)
            if manifest["kind"] == "Job":
                options = pulumi.ResourceOptions.merge(options, _of_job(manifest))
            before = [*args.after, KubernetesObject(name, manifest, options)]
        self.barrier = before[-1]
        self.register_outputs({})


def _of_job(manifest: Manifest) -> pulumi.ResourceOptions:
    """Return how a Job is made and replaced.

    The one before has done its work and goes first. Left for the end of the update it would still be there when a new
    one failed, and a way back to its version would find its name taken.
    """
    limit = f"{manifest['spec']['activeDeadlineSeconds'] + _NOTICE_SECONDS}s"
    timeouts = pulumi.CustomTimeouts(create=limit, update=limit)
    return pulumi.ResourceOptions(custom_timeouts=timeouts, delete_before_replace=True)
