"""The layout of an object in state, which the real plugin and this one share.

The live object's own keys, then ``__inputs``, ``__initialApiVersion`` and ``__fieldManager``
(``checkpointObject`` of pulumi-kubernetes 4.34 ``provider/pkg/provider/provider.go``).
"""

from dataclasses import dataclass
from typing import Final

from rehearsal.providers.codec import Json, Secret, Tree, copy_secrets, is_array, is_object
from rehearsal.providers.kubernetes.objects import Kind, kind_of

INPUTS: Final = "__inputs"
INITIAL_API_VERSION: Final = "__initialApiVersion"
FIELD_MANAGER: Final = "__fieldManager"

_DASHED: Final = {
    f"x_kubernetes_{name}": f"x-kubernetes-{name.replace('_', '-')}"
    for name in [
        "embedded_resource",
        "int_or_string",
        "list_map_keys",
        "list_type",
        "map_type",
        "preserve_unknown_fields",
        "validations",
    ]
}
_UNDERSCORED: Final = {dashed: plain for plain, dashed in _DASHED.items()}
_SECRET: Final = Kind("", "v1", "Secret")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An object's state, taken apart. Secrets are already unwrapped."""

    inputs: Tree
    live: Tree
    initial_api_version: str
    field_manager: str


def read_checkpoint(state: Tree) -> Checkpoint:
    """Take state apart. ``state`` holds no `Secret`; keys are translated in place."""
    live = dict(state)
    inputs = live.pop(INPUTS, {})
    version = live.pop(INITIAL_API_VERSION, "")
    manager = live.pop(FIELD_MANAGER, "")
    return Checkpoint(inputs if is_object(inputs) else {}, live, str(version), str(manager))


def write_checkpoint(checkpoint: Checkpoint, secrets_from: Tree) -> Tree:
    """Put state together. What is secret in ``secrets_from`` is secret in both halves."""
    state = protect(to_sdk(checkpoint.live), secrets_from)
    state[INPUTS] = protect(to_sdk(checkpoint.inputs), secrets_from)
    state[INITIAL_API_VERSION] = checkpoint.initial_api_version
    state[FIELD_MANAGER] = checkpoint.field_manager
    return state


def protect(tree: Tree, secrets_from: Tree) -> Tree:
    """Mark as secret what the program marked, and always the data of a Secret."""
    marked: Tree = copy_secrets(secrets_from, tree)
    if kind_of(tree) == _SECRET:
        hidden = {
            key: Secret(marked[key])
            for key in ("data", "stringData")
            if key in marked and not isinstance(marked[key], Secret)
        }
        return {**marked, **hidden}
    return dict(marked)


def to_kubernetes(tree: Tree) -> Tree:
    """Spell the schema keys of a CustomResourceDefinition with dashes, as Kubernetes does."""
    return _respell(tree, _DASHED) if _has_schema(kind_of(tree)) else tree


def to_sdk(tree: Tree) -> Tree:
    """Spell the schema keys of a CustomResourceDefinition with underscores, as the SDK does."""
    return _respell(tree, _UNDERSCORED) if _has_schema(kind_of(tree)) else tree


def _has_schema(kind: Kind) -> bool:
    return kind.kind == "CustomResourceDefinition"


def _respell(value: Json, names: dict[str, str]) -> Json:
    if is_object(value):
        return {names.get(key, key): _respell(item, names) for key, item in value.items()}
    if is_array(value):
        return [_respell(item, names) for item in value]
    return value
