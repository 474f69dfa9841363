"""What the component registers."""

import pulumi
import pytest

from components.objects import KubernetesObject
from components.storage.dispatch import ModelStorage, ModelStorageArgs
from stacks.spec.storage import ExistingClaimVolume, ModelVolume
from tests.components.spec_samples import claim, nfs
from tests.mocks import Recorded, deploy

CLAIM = claim()
NFS = nfs()
EXISTING = ExistingClaimVolume(type="existingClaim", name="weights")
CLAIM_TYPE = "kubernetes:core/v1:PersistentVolumeClaim"
VOLUME_TYPE = "kubernetes:core/v1:PersistentVolume"
NAMESPACE_URN = "urn:pulumi:dev::slipway::kubernetes:core/v1:Namespace::models"


def run(volume: ModelVolume, *, protected: bool = False) -> tuple[Recorded, list[ModelStorage]]:
    made: list[ModelStorage] = []

    def program() -> None:
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models"}}
        namespace = KubernetesObject("models", manifest, pulumi.ResourceOptions())
        args = ModelStorageArgs(volume=volume, namespace="models", protected=protected, after=(namespace,))
        made.append(ModelStorage("store", args))

    return deploy(program), made


def test_claim_waits_for_the_namespace_and_is_the_barrier() -> None:
    recorded, [storage] = run(CLAIM)
    made = recorded.one(CLAIM_TYPE, "store")
    assert made.dependencies == (NAMESPACE_URN,)
    assert isinstance(storage.barrier, KubernetesObject)
    assert storage.claim_name == made.inputs["metadata"]["name"]


def test_other_storage_is_another_claim_that_can_stand_beside_the_old_one() -> None:
    other = CLAIM.model_copy(update={"storage_class": "faster"})
    larger = CLAIM.model_copy(update={"size_gib": CLAIM.size_gib + 1})

    names = [run(volume)[1][0].claim_name for volume in (CLAIM, other, NFS, larger)]

    assert len(set(names[:3])) == 3
    assert names[3] == names[0], "a claim can grow, so its size is no reason for another one"
    assert all(name.startswith("store-") for name in names)


def test_nfs_claim_waits_for_its_volume() -> None:
    recorded, _ = run(NFS)
    volume = recorded.one(VOLUME_TYPE)
    assert volume.urn in recorded.one(CLAIM_TYPE).dependencies


@pytest.mark.parametrize("volume", [CLAIM, NFS])
def test_protected_objects_are_kept(volume: ModelVolume) -> None:
    recorded, _ = run(volume, protected=True)
    kept = [resource for resource in recorded.resources if "PersistentVolume" in resource.type]
    assert kept
    assert all(resource.options["protect"] and resource.options["retainOnDelete"] for resource in kept)


def test_unprotected_objects_go_with_the_stack() -> None:
    recorded, _ = run(NFS)
    assert not any({"protect", "retainOnDelete"} & resource.options.keys() for resource in recorded.resources)


def test_existing_claim_has_no_barrier() -> None:
    recorded, [storage] = run(EXISTING)
    assert storage.barrier is None
    assert storage.claim_name == "weights"
    assert recorded.all(CLAIM_TYPE) == []
