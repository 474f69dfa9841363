"""Whether each model can stand on the nodes it names."""

from collections.abc import Iterator
from typing import Final

from stacks.errors import Problem, shown
from stacks.plan.placement import accelerators_of, pool_of
from stacks.plan.scaling import scaling_of
from stacks.spec.accelerators import ACCELERATORS
from stacks.spec.model import Model
from stacks.spec.node_pool import NodePool
from stacks.spec.runtime import VllmRuntime
from stacks.spec.stack import StackSpec

VLLM_CAPABILITY: Final = (7, 0)
"""Oldest CUDA capability vLLM runs on (vLLM documentation, GPU installation, requirements)."""


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield models without a pool, or that no node of their pool can hold."""
    for index, pool in enumerate(spec.node_pools):
        if pool.min > pool.max:
            rule = f"the pool may grow to {pool.max} nodes but always has {pool.min}"
            yield Problem(path=f"slipway:nodePools[{index}].min", value=shown(pool.min), rule=rule, fix="min ≤ max")
        yield from _crowded(index, pool, spec)
    for index, model in enumerate(spec.models):
        pool = pool_of(spec, model)
        path = f"slipway:models[{index}]"
        if pool is None:
            known = ", ".join(pool.name for pool in spec.node_pools)
            rule = f"no such node pool; nodePools has {known}"
            name = model.placement.node_pool
            yield Problem(path=f"{path}.placement.nodePool", value=shown(name), rule=rule, fix="name one of them")
            continue
        yield from _accelerators(path, model, pool)
        yield from _size(path, model, pool)


def _crowded(index: int, pool: NodePool, spec: StackSpec) -> Iterator[Problem]:
    """Yield a pool whose models ask for more cards, even at their smallest, than it can ever have."""
    there = pool.max * pool.accelerators_per_node if pool.accelerator else 0
    tenants = [model for model in spec.models if model.placement.node_pool == pool.name]
    asked = sum(scaling_of(model).min_replicas * accelerators_of(model, pool) for model in tenants)
    if len(tenants) > 1 and asked > there > 0:
        names = ", ".join(model.name for model in tenants)
        rule = f"its models {names} ask for {asked} accelerators at least; it has {there}"
        yield Problem(path=f"slipway:nodePools[{index}].max", value=shown(pool.max), rule=rule, fix="raise max")


def _accelerators(path: str, model: Model, pool: NodePool) -> Iterator[Problem]:
    wanted, where = accelerators_of(model, pool), f"{path}.placement.accelerators"
    if wanted and pool.accelerator is None:
        rule = f"node pool {pool.name} has no accelerator"
        yield Problem(path=where, value=shown(wanted), rule=rule, fix="give the pool one, or place the model elsewhere")
    elif wanted > pool.accelerators_per_node:
        rule = f"one node of {pool.name} has {pool.accelerators_per_node}; a pod cannot span nodes"
        yield Problem(path=where, value=shown(wanted), rule=rule, fix="ask for fewer, or use larger nodes")
    if not isinstance(model.runtime, VllmRuntime):
        return
    if not wanted:
        rule = "the CUDA build of vLLM needs an accelerator"
        yield Problem(path=where, value=shown(wanted), rule=rule, fix="place it in a pool with `accelerator`")
    elif pool.accelerator is not None:
        yield from _vllm_can_use(where, model.runtime, pool)


def _vllm_can_use(where: str, runtime: VllmRuntime, pool: NodePool) -> Iterator[Problem]:
    card = ACCELERATORS[pool.accelerator] if pool.accelerator else None
    if card is None:
        return
    if card.vendor != "nvidia" and "ascend" not in runtime.image:
        rule = f"{card.key} needs vLLM's Ascend build; {runtime.image} is not one"
        yield Problem(path=where, rule=rule, fix="set runtime.image to a vllm-ascend image")
    if card.compute_capability is not None and card.compute_capability < VLLM_CAPABILITY:
        rule = f"vLLM needs CUDA capability 7.0; {card.key} has {'.'.join(map(str, card.compute_capability))}"
        yield Problem(path=where, rule=rule, fix="use a newer accelerator")
    if runtime.dtype == "bfloat16" and "bf16" not in card.precisions:
        rule = f"{card.key} has no bfloat16"
        yield Problem(path=where.replace("placement.accelerators", "runtime.dtype"), rule=rule, fix="dtype: float16")


def _size(path: str, model: Model, pool: NodePool) -> Iterator[Problem]:
    wanted = (("cpu", model.placement.cpu, pool.cpu), ("memoryGib", model.placement.memory_gib, pool.memory_gib))
    for key, asked, there in wanted:
        if asked > there:
            rule = f"one node of {pool.name} has {there}"
            fix = "ask for less, or use larger nodes"
            yield Problem(path=f"{path}.placement.{key}", value=shown(asked), rule=rule, fix=fix)
