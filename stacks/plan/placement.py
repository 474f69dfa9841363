"""Which pool a model stands in and what it takes from it: derived once, used by rules and by build."""

from stacks.spec.model import Model
from stacks.spec.node_pool import NodePool
from stacks.spec.stack import StackSpec


def pool_of(spec: StackSpec, model: Model) -> NodePool | None:
    """Return the pool the model names, None where there is no such pool."""
    return next((pool for pool in spec.node_pools if pool.name == model.placement.node_pool), None)


def require_pool(spec: StackSpec, model: Model) -> NodePool:
    """Return the pool of a model in a spec that passed the rules.

    Raises:
        LookupError: the rules were not run.
    """
    pool = pool_of(spec, model)
    if pool is None:
        raise LookupError(f"model {model.name}: no node pool {model.placement.node_pool}; check the spec first")
    return pool


def accelerators_of(model: Model, pool: NodePool) -> int:
    """Return the cards one pod takes: as written, else one in an accelerator pool."""
    if model.placement.accelerators is not None:
        return model.placement.accelerators
    return 1 if pool.accelerator is not None else 0


def slots_of(model: Model, pool: NodePool, nodes: int) -> int:
    """Return how many pods of the model fit on empty nodes of its pool, by accelerators, CPU and memory."""
    fits = [int(pool.cpu // model.placement.cpu), int(pool.memory_gib // model.placement.memory_gib)]
    cards = accelerators_of(model, pool)
    if cards:
        fits.append(pool.accelerators_per_node // cards)
    return nodes * min(fits)
