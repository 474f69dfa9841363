"""A claim that a storage class of the cluster provisions (Kubernetes, "Persistent Volumes")."""

from components.names import labels
from components.objects import Manifest
from components.quantities import gibibytes
from components.storage.contract import StoragePlan
from stacks.spec.storage import ClaimVolume


def render_claim_object(name: str, namespace: str, spec: Manifest, *, skip_await: bool) -> Manifest:
    """Return a PersistentVolumeClaim.

    Args:
        name: name of the claim.
        namespace: its namespace.
        spec: claim spec.
        skip_await: do not wait until it is bound.
    """
    metadata: Manifest = {"name": name, "namespace": namespace, "labels": labels(name, "storage")}
    if skip_await:
        metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def render(spec: ClaimVolume, name: str, namespace: str) -> StoragePlan:
    """Return the plan of a provisioned claim.

    Nobody waits for the claim to be bound: a class that binds with its first pod would never come to that before the
    pod, and the wait for a claim is five minutes whatever is asked for (pulumi-kubernetes 4.34, await of claims). The
    pods that mount it are waited for, and name an unbound claim.
    """
    claim_spec = {
        "accessModes": [spec.access_mode],
        "resources": {"requests": {"storage": gibibytes(spec.size_gib)}},
        "storageClassName": spec.storage_class,
        "volumeMode": "Filesystem",
    }
    claim = render_claim_object(name, namespace, claim_spec, skip_await=True)
    return StoragePlan(claim_name=name, volume=None, claim=claim)
