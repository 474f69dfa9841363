"""Whether each model's scaler can work and its pods have room."""

from collections.abc import Iterator

from stacks.errors import Problem, shown
from stacks.plan.placement import pool_of, slots_of
from stacks.plan.scaling import scaling_of
from stacks.spec.cluster import RehearsalCluster
from stacks.spec.model import Model
from stacks.spec.runtime import VllmRuntime
from stacks.spec.stack import StackSpec

_PERCENT = 100


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield scalers that contradict themselves, lack their signal, or cannot be placed."""
    for index, model in enumerate(spec.models):
        path = f"slipway:models[{index}].scaling"
        plan = scaling_of(model)
        if plan.max_replicas < plan.min_replicas:
            rule = f"max is smaller than min ({plan.min_replicas})"
            yield Problem(path=f"{path}.max", value=shown(plan.max_replicas), rule=rule, fix="min ≤ max")
            continue
        yield from _unread(path, model)
        yield from _signal(path, model, spec)
        yield from _room(path, model, spec)


def _unread(path: str, model: Model) -> Iterator[Problem]:
    if scaling_of(model).signal is not None:
        return
    for key, value in (("on", model.scaling.on), ("target", model.scaling.target)):
        if value is not None:
            rule = "nothing scales while max equals min, so this would be ignored"
            yield Problem(path=f"{path}.{key}", value=shown(value), rule=rule, fix="set max above min, or remove it")


def _signal(path: str, model: Model, spec: StackSpec) -> Iterator[Problem]:
    plan = scaling_of(model)
    if plan.signal == "cpu" and plan.target > _PERCENT:
        rule = "percent of the CPU request"
        yield Problem(path=f"{path}.target", value=shown(plan.target), rule=rule, fix="1 to 100, 70 is usual")
    if plan.signal != "queue":
        return
    where = f"{path}.on"
    if not isinstance(model.runtime, VllmRuntime):
        rule = f"runtime {model.runtime.type} exposes no queue"
        yield Problem(path=where, value=shown("queue"), rule=rule, fix="on: cpu")
    if not isinstance(spec.cluster, RehearsalCluster) and "keda" not in spec.cluster.operators:
        rule = "scaling on the queue needs KEDA in the cluster, and cluster.operators does not list it"
        yield Problem(path=where, value=shown("queue"), rule=rule, fix="install KEDA and list it, or on: cpu")
    if spec.monitoring is None or spec.monitoring.prometheus_url is None:
        rule = "KEDA reads the queue from Prometheus, and monitoring.prometheusUrl is not set"
        yield Problem(path=where, value=shown("queue"), rule=rule, fix="set slipway:monitoring.prometheusUrl")


def _room(path: str, model: Model, spec: StackSpec) -> Iterator[Problem]:
    pool, plan = pool_of(spec, model), scaling_of(model)
    if pool is None:
        return
    slots = slots_of(model, pool, pool.max)
    if slots < plan.max_replicas:
        key = "max" if model.scaling.max is not None else "min"
        rule = f"node pool {pool.name} has room for {slots} of these pods even at {pool.max} nodes"
        fix = "lower it, raise the pool's max, or ask for less per pod"
        yield Problem(path=f"{path}.{key}", value=shown(plan.max_replicas), rule=rule, fix=fix)
