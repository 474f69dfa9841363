"""Names that must be unique, or not the cluster's own."""

from collections import Counter
from collections.abc import Iterator, Sequence

from stacks.errors import Problem, shown
from stacks.spec.model import Model
from stacks.spec.node_pool import NodePool
from stacks.spec.stack import StackSpec


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield every second use of a name, and a namespace that is not for models."""
    yield from _repeated("nodePools", spec.node_pools)
    yield from _repeated("models", spec.models)
    namespace = spec.security.namespace
    # https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ (1.34): kube- is reserved.
    if namespace == "default" or namespace.startswith("kube-"):
        rule = "the cluster's own namespace; a stack makes its namespace, closes its network and removes it"
        fix = "choose one for the models alone"
        yield Problem(path="slipway:security.namespace", value=shown(namespace), rule=rule, fix=fix)


def _repeated(section: str, items: Sequence[Model] | Sequence[NodePool]) -> Iterator[Problem]:
    count = Counter(item.name for item in items)
    seen: set[str] = set()
    for index, item in enumerate(items):
        if count[item.name] > 1 and item.name in seen:
            path = f"slipway:{section}[{index}].name"
            rule = f"another entry of {section} has this name; objects are named after it"
            yield Problem(path=path, value=shown(item.name), rule=rule, fix="choose a name of its own")
        seen.add(item.name)
