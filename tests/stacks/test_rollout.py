"""The way pods are replaced follows from the room that is left."""

from typing import Any

import pytest

from stacks.plan.rollout import replacement_of
from stacks.spec.cluster import RehearsalCluster
from stacks.spec.stack import StackSpec
from stacks.spec.storage import Storage
from tests.stacks.test_plan import model
from tests.stacks.test_plan import pool as pool_of_cards

REHEARSAL = RehearsalCluster(type="rehearsal")
SMALL = {"nodePool": "gpu", "cpu": 1.0, "memoryGib": 1.0}


@pytest.mark.parametrize(
    ("nodes", "scaling", "storage", "expected"),
    [
        (1, {"min": 2}, None, "surge"),  # two of four cards taken
        (1, {"min": 4}, None, "replace"),  # every card taken, others keep serving
        (1, {"min": 2, "max": 4}, None, "replace"),  # the scaler may take every card
        (1, {"min": 1}, "ReadWriteOnce", "recreate"),  # one node only may mount the volume
        (1, {"min": 1}, "ReadWriteMany", "surge"),
    ],
)
def test_replacement(nodes: int, scaling: dict[str, Any], storage: str | None, expected: str) -> None:
    pool = pool_of_cards(max=nodes)
    one = model(placement=SMALL, scaling=scaling)
    volume = {"type": "claim", "storageClass": "cfs", "sizeGib": 100, "accessMode": storage}
    spec = StackSpec.model_construct(
        cluster=REHEARSAL,
        node_pools=(pool,),
        models=(one,),
        storage=Storage.model_validate({"models": volume if storage else None}, strict=False),
    )

    assert replacement_of(spec, one, pool) == expected


def test_a_single_pod_on_the_last_card_cannot_avoid_a_gap() -> None:
    pool = pool_of_cards(max=1, acceleratorsPerNode=1)
    one = model(placement=SMALL)
    spec = StackSpec.model_construct(cluster=REHEARSAL, node_pools=(pool,), models=(one,))

    assert replacement_of(spec, one, pool) == "recreate"
