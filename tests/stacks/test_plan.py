"""Figures derived from the spec."""

from typing import Any

import pytest

from stacks.plan.loading import load_seconds, loads_into, startup_seconds
from stacks.plan.placement import accelerators_of, slots_of
from stacks.plan.scaling import ScalingPlan, scaling_of
from stacks.spec.model import Model
from stacks.spec.node_pool import NodePool
from stacks.spec.stack import StackSpec
from tests.stacks.test_parse import SMALLEST

DIGEST = "0" * 64


def model(**changes: Any) -> Model:  # noqa: ANN401 - YAML data
    runtime = {"type": "vllm"}
    source = {"type": "oci", "reference": f"registry.example.com/m@sha256:{DIGEST}", "sizeGib": 16.0}
    data = {"name": "llm", "runtime": runtime, "source": source, "placement": {"nodePool": "gpu"}, **changes}
    return Model.model_validate(data, strict=False)


def pool(**changes: Any) -> NodePool:  # noqa: ANN401 - YAML data
    data = {"name": "gpu", "accelerator": "nvidia-l20", "acceleratorsPerNode": 4, **changes}
    return NodePool.model_validate(data, strict=False)


def test_one_card_is_taken_in_an_accelerator_pool_and_none_elsewhere() -> None:
    assert accelerators_of(model(), pool()) == 1
    assert accelerators_of(model(), pool(accelerator=None)) == 0
    assert accelerators_of(model(placement={"nodePool": "gpu", "accelerators": 0}), pool()) == 0


@pytest.mark.parametrize(
    ("placement", "nodes", "slots"),
    [
        ({"cpu": 1, "memoryGib": 1}, 1, 4),  # by cards
        ({"cpu": 1, "memoryGib": 1, "accelerators": 3}, 2, 2),  # a pod cannot span nodes
        ({"cpu": 9, "memoryGib": 1}, 1, 1),  # by CPU
        ({"cpu": 1, "memoryGib": 32}, 2, 4),  # by memory
    ],
)
def test_slots(placement: dict[str, Any], nodes: int, slots: int) -> None:
    assert slots_of(model(placement={"nodePool": "gpu", **placement}), pool(), nodes) == slots


def test_vllm_scales_on_its_queue_and_others_on_cpu() -> None:
    assert scaling_of(model(scaling={"max": 3})) == ScalingPlan(
        min_replicas=1, max_replicas=3, signal="queue", target=5
    )
    http = {"type": "http", "image": "a/b:1"}
    assert scaling_of(model(runtime=http, scaling={"max": 3})).signal == "cpu"


def test_nothing_scales_while_max_equals_min() -> None:
    assert scaling_of(model(scaling={"min": 2})).signal is None


def test_startup_budget_follows_the_size_but_never_falls_below_the_floor() -> None:
    big = {"type": "oci", "reference": f"registry.example.com/m@sha256:{DIGEST}", "sizeGib": 200.0}

    assert startup_seconds(model()) == 600
    assert startup_seconds(model(source=big)) == 2048
    assert startup_seconds(model(rollout={"startupSeconds": 42})) == 42
    assert startup_seconds(model(source=None)) == 120
    assert load_seconds(model(source=None)) == 0


def test_weights_go_to_shared_storage_where_there_is_some() -> None:
    storage = {"models": {"type": "nfs", "server": "10.0.0.9", "path": "/m", "sizeGib": 100}}
    without = StackSpec.model_validate(SMALLEST, strict=False)
    with_storage = StackSpec.model_validate({**SMALLEST, "storage": storage}, strict=False)

    assert loads_into(without, model()) == "pod"
    assert loads_into(with_storage, model()) == "storage"
    assert loads_into(with_storage, model(loader={"type": "init", "into": "pod"})) == "pod"
