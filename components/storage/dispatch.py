"""The shared volume for models, whatever provides it."""

from dataclasses import dataclass
from typing import assert_never

import pulumi

from components.names import fingerprint
from components.objects import KubernetesObject
from components.storage import claim, existing_claim, nfs
from components.storage.contract import StoragePlan
from stacks.spec.storage import ClaimVolume, ExistingClaimVolume, ModelVolume, NfsVolume


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelStorageArgs:
    """Arguments of the shared volume.

    Attributes:
        volume: what provides it.
        namespace: namespace of the claim and of the pods that mount it.
        protected: refuse to delete or replace the objects, and leave them behind when the stack forgets them.
        after: resources that must be there first, the namespace for instance.
    """

    volume: ModelVolume
    namespace: str
    protected: bool
    after: tuple[pulumi.Resource, ...] = ()


class ModelStorage(pulumi.ComponentResource):
    """Children ``{name}``: the claim and, for NFS, the volume it is bound to; none for an existing claim.

    Attributes:
        claim_name: claim to mount.
        barrier: there when the claim is; None where it is not ours.
    """

    claim_name: str
    barrier: pulumi.Resource | None

    def __init__(self, name: str, args: ModelStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:storage:ModelStorage", name, None, opts)
        plan = plan_storage(args.volume, physical_name(args.volume, name), args.namespace)
        before = list(args.after)
        if plan.volume is not None:
            before = [KubernetesObject(name, plan.volume, self._options(args, before))]
        self.barrier = None
        if plan.claim is not None:
            self.barrier = KubernetesObject(name, plan.claim, self._options(args, [*args.after, *before]))
        self.claim_name = plan.claim_name
        self.register_outputs({"claim_name": self.claim_name})

    def _options(self, args: ModelStorageArgs, before: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        # A claim is replaced, and its data lost, when its class, volume or access mode changes.
        keep = args.protected or None
        return pulumi.ResourceOptions(parent=self, depends_on=before, protect=keep, retain_on_delete=keep)


def physical_name(volume: ModelVolume, name: str) -> str:
    """Return the name of the objects: ``name`` and a hash of what a claim can never change.

    A claim that pods mount cannot be deleted before them. With a name of its own, the claim of another kind of storage
    is made first, pods move to it, and the old one goes last.
    """
    match volume:
        case ClaimVolume():
            return f"{name}-{fingerprint(volume.type, volume.storage_class, volume.access_mode)}"
        case ExistingClaimVolume():
            return volume.name
        case NfsVolume():
            return f"{name}-{fingerprint(volume.type, volume.server, volume.path)}"
        case _:
            assert_never(volume)


def plan_storage(volume: ModelVolume, name: str, namespace: str) -> StoragePlan:
    """Return what a volume needs, as plain data."""
    match volume:
        case ClaimVolume():
            return claim.render(volume, name, namespace)
        case ExistingClaimVolume():
            return existing_claim.render(volume)
        case NfsVolume():
            return nfs.render(volume, name, namespace)
        case _:
            assert_never(volume)
