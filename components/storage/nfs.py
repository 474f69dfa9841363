"""An NFS export as one volume and the one claim bound to it (Kubernetes, "Persistent Volumes", "Reserving")."""

from typing import Final

from components.names import labels, limited
from components.objects import Manifest
from components.quantities import gibibytes
from components.storage.claim import render_claim_object
from components.storage.contract import StoragePlan
from stacks.spec.storage import AccessMode, NfsVolume

_ACCESS: Final[AccessMode] = "ReadWriteMany"


def render(spec: NfsVolume, name: str, namespace: str) -> StoragePlan:
    """Return the volume and its claim, each naming the other, so that neither binds elsewhere.

    The empty class keeps a default storage class from provisioning something else. The volume is retained: deleting
    the objects never deletes the export's files.
    """
    volume_name = limited(f"{namespace}-{name}")
    claim_spec = {
        "accessModes": [_ACCESS],
        "resources": {"requests": {"storage": gibibytes(spec.size_gib)}},
        "storageClassName": "",
        "volumeMode": "Filesystem",
        "volumeName": volume_name,
    }
    return StoragePlan(
        claim_name=name,
        volume=_volume(spec, volume_name, name, namespace),
        # Both sides are there, so binding takes a moment; waiting for it shows a wrong pairing at once.
        claim=render_claim_object(name, namespace, claim_spec, skip_await=False),
    )


def _volume(spec: NfsVolume, volume_name: str, name: str, namespace: str) -> Manifest:
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": name, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": volume_name, "labels": labels(name, "storage")},
        "spec": {
            "accessModes": [_ACCESS],
            "capacity": {"storage": gibibytes(spec.size_gib)},
            "claimRef": claim,
            "nfs": {"path": spec.path, "server": spec.server},
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "volumeMode": "Filesystem",
        },
    }
