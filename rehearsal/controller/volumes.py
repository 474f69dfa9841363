"""Stands in for a storage provisioner: makes a volume object for each claim, with no disk behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rehearsal.control_plane.api import block

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearsal.control_plane.api import Object

# The name by which storage classes ask for this stand-in. It is kept here and not beside the classes, so that the
# controller starts without the modules that only the command needs.
PROVISIONER = "rehearsal.slipway.dev/volumes"
# Annotations between the volume controller, the scheduler and provisioners
# (kubernetes.io, "Well-Known Labels, Annotations and Taints", 1.34).
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
# A name that can never resolve (RFC 6761, section 6.4): nobody takes the volume for a real share.
_NO_SERVER = "rehearsal.invalid"


def waiting_claims(claims: Iterable[Object], classes: Iterable[Object], names: frozenset[str]) -> dict[str, Object]:
    """Return the claims that a provisioner would serve now, by UID.

    Args:
        claims: All PersistentVolumeClaims.
        classes: All StorageClasses.
        names: Classes to serve besides those that name the rehearsal provisioner.
    """
    served = {
        storage_class["metadata"]["name"]: storage_class
        for storage_class in classes
        if storage_class.get("provisioner") == PROVISIONER or storage_class["metadata"]["name"] in names
    }
    waiting: dict[str, Object] = {}
    for claim in claims:
        storage_class = served.get(_class_name(claim))
        if storage_class is not None and _is_unbound(claim) and _may_bind(claim, storage_class):
            waiting[str(claim["metadata"]["uid"])] = claim
    return waiting


def volume_for(claim: Object, storage_class: Object) -> Object:
    """Render the volume that the claim gets; its source names no server that exists."""
    metadata, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{metadata['uid']}"
    reference: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
            "mountOptions": storage_class.get("mountOptions") or [],
            "claimRef": reference,
            "nfs": {"server": _NO_SERVER, "path": f"/{name}"},
        },
    }


def class_of(claim: Object, classes: Iterable[Object]) -> Object | None:
    """Return the storage class that the claim names."""
    name = _class_name(claim)
    return next((found for found in classes if found["metadata"]["name"] == name), None)


def finished_volumes(volumes: Iterable[Object]) -> list[str]:
    """Return the names of volumes to remove: made here, given back by their claim, reclaim policy Delete."""
    return [
        str(volume["metadata"]["name"])
        for volume in volumes
        if block(volume, "metadata", "annotations").get(PROVISIONED_BY) == PROVISIONER
        and block(volume, "status").get("phase") == "Released"
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        and "deletionTimestamp" not in volume["metadata"]
    ]


def _class_name(claim: Object) -> str | None:
    return claim["spec"].get("storageClassName") or block(claim, "metadata", "annotations").get(_OLD_CLASS)


def _is_unbound(claim: Object) -> bool:
    phase = block(claim, "status").get("phase", "Pending")
    return phase == "Pending" and not claim["spec"].get("volumeName") and "deletionTimestamp" not in claim["metadata"]


def _may_bind(claim: Object, storage_class: Object) -> bool:
    """Claims of a class that waits for the first consumer are served once the scheduler chose a node."""
    if storage_class.get("volumeBindingMode") != "WaitForFirstConsumer":
        return True
    return _SELECTED_NODE in block(claim, "metadata", "annotations")
