"""What each kind of storage needs, as data."""

from components.storage.contract import StoragePlan
from components.storage.dispatch import plan_storage
from stacks.spec.storage import ExistingClaimVolume
from tests.components.spec_samples import claim, nfs

LABELS = {
    "app.kubernetes.io/component": "storage",
    "app.kubernetes.io/managed-by": "pulumi",
    "app.kubernetes.io/name": "models",
    "app.kubernetes.io/part-of": "slipway",
}
NFS = nfs()


def test_provisioned_claim_is_not_waited_for() -> None:
    volume = claim()
    assert plan_storage(volume, "models", "serving") == StoragePlan(
        claim_name="models",
        volume=None,
        claim={
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": "models",
                "namespace": "serving",
                "labels": LABELS,
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            "spec": {
                "accessModes": ["ReadWriteMany"],
                "resources": {"requests": {"storage": "500Gi"}},
                "storageClassName": "cfs",
                "volumeMode": "Filesystem",
            },
        },
    )


def test_access_mode_of_a_claim_is_the_one_asked_for() -> None:
    volume = claim(accessMode="ReadWriteOnce")
    plan = plan_storage(volume, "models", "serving")
    assert plan.claim is not None
    assert plan.claim["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_nfs_volume_and_claim_name_each_other() -> None:
    assert plan_storage(NFS, "models", "serving") == StoragePlan(
        claim_name="models",
        volume={
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": "serving-models", "labels": LABELS},
            "spec": {
                "accessModes": ["ReadWriteMany"],
                "capacity": {"storage": "2Ti"},
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "name": "models",
                    "namespace": "serving",
                },
                "nfs": {"path": "/share", "server": "10.0.0.9"},
                "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": "",
                "volumeMode": "Filesystem",
            },
        },
        claim={
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "models", "namespace": "serving", "labels": LABELS},
            "spec": {
                "accessModes": ["ReadWriteMany"],
                "resources": {"requests": {"storage": "2Ti"}},
                "storageClassName": "",
                "volumeMode": "Filesystem",
                "volumeName": "serving-models",
            },
        },
    )


def test_volumes_of_two_namespaces_do_not_meet() -> None:
    names = [plan_storage(NFS, "models", namespace).volume for namespace in ("blue", "green")]
    assert [volume and volume["metadata"]["name"] for volume in names] == ["blue-models", "green-models"]


def test_existing_claim_makes_nothing() -> None:
    volume = ExistingClaimVolume.model_validate(
        {"type": "existingClaim", "name": "weights", "accessMode": "ReadWriteOnce"}
    )
    assert plan_storage(volume, "models", "serving") == StoragePlan(claim_name="weights", volume=None, claim=None)
