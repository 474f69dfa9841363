"""Names that must be unique, or are somebody else's."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from stacks.errors import Problem, shown
from stacks.spec.model import Model
from stacks.spec.node_pool import NodePool
from stacks.spec.stack import StackSpec

POLICIES: Final = frozenset({"allow-dns", "default-deny"})
"""Network policies of the namespace; a model's own policy carries the model's name and would take their place."""

_SYSTEM_NAMESPACE: Final = "kube-"


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield every second use of a name, and names of what is not ours."""
    namespace = spec.security.namespace
    if namespace == "default" or namespace.startswith(_SYSTEM_NAMESPACE):
        # Kubernetes, "Namespaces" (1.34): the prefix kube- is reserved.
        rule = (
            "this namespace is the cluster's own; the stack makes one of its own, closes it, and removes it at the end"
        )
        fix = "choose a name of its own"
        yield Problem(path="slipway:security.namespace", value=shown(namespace), rule=rule, fix=fix)
    for index, model in enumerate(spec.models):
        if model.name in POLICIES:
            rule = "the namespace's network policy has this name, and a model's policy is named after the model"
            fix = "choose another name"
            yield Problem(path=f"slipway:models[{index}].name", value=shown(model.name), rule=rule, fix=fix)
    yield from _repeated("nodePools", spec.node_pools)
    yield from _repeated("models", spec.models)


def _repeated(section: str, items: Sequence[Model] | Sequence[NodePool]) -> Iterator[Problem]:
    count = Counter(item.name for item in items)
    seen: set[str] = set()
    for index, item in enumerate(items):
        if count[item.name] > 1 and item.name in seen:
            path = f"slipway:{section}[{index}].name"
            rule = f"another entry of {section} has this name; objects are named after it"
            yield Problem(path=path, value=shown(item.name), rule=rule, fix="choose a name of its own")
        seen.add(item.name)
