"""From a pool to the scheduling part of a pod."""

from components.node_pool.contract import NodeTarget
from components.node_pool.placement import placement_for, pool_labels, pool_taints
from stacks.spec.node_pool import Taint
from tests.components.spec_samples import pool

CPU = pool("general")
GPU = pool("l20", accelerator="nvidia-l20", acceleratorsPerNode=4)
GPU_TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


def test_pool_without_labels_is_selected_by_its_own_label() -> None:
    assert placement_for(CPU, None) == NodeTarget(
        node_selector={"slipway.dev/node-pool": "general"}, tolerations=(), resource=None, accelerators=0
    )


def test_own_labels_replace_the_default_one() -> None:
    labelled = pool("general", labels={"zone": "b", "team": "a"})
    assert pool_labels(labelled) == {"team": "a", "zone": "b"}
    assert list(pool_labels(labelled)) == ["team", "zone"]


def test_pod_in_an_accelerator_pool_asks_for_one_card_unless_told_otherwise() -> None:
    assert placement_for(GPU, None) == NodeTarget(
        node_selector={"slipway.dev/node-pool": "l20"},
        tolerations=(GPU_TOLERATION,),
        resource="nvidia.com/gpu",
        accelerators=1,
    )
    assert placement_for(GPU, 4).accelerators == 4


def test_pod_without_cards_still_tolerates_the_pool() -> None:
    target = placement_for(GPU, 0)
    assert (target.resource, target.accelerators) == (None, 0)
    assert target.tolerations == (GPU_TOLERATION,)


def test_taints_of_the_pool_follow_the_accelerators() -> None:
    tainted = pool("l20", accelerator="nvidia-l20", taints=(Taint(key="team", value="a", effect="NoExecute"),))
    assert pool_taints(tainted) == (
        Taint(key="nvidia.com/gpu", value="present"),
        Taint(key="team", value="a", effect="NoExecute"),
    )
    assert placement_for(tainted, None).tolerations == (
        GPU_TOLERATION,
        {"key": "team", "operator": "Equal", "value": "a", "effect": "NoExecute"},
    )


def test_own_taint_with_the_accelerators_key_wins() -> None:
    own = Taint(key="nvidia.com/gpu", value="true", effect="NoExecute")
    tainted = pool("l20", accelerator="nvidia-l20", taints=(own,))
    assert pool_taints(tainted) == (own,)
    assert placement_for(tainted, None).tolerations == (
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute"},
    )
