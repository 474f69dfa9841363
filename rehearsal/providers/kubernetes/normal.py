"""Give built-in objects the one spelling that the real plugin keeps in state.

The real plugin reads inputs into the Go type of their kind and writes them back, which drops empty optional values and
respells quantities. `types.json` lists where that happens; ``typetable/main.go`` makes it from k8s.io/api v0.34.4:
``cd rehearsal/providers/kubernetes/typetable && go run . > ../types.json``. Unlike the real plugin, fields the type
does not have stay, so that the server's strict check can name them. Custom resources and beta versions are left alone.
"""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from rehearsal.providers.codec import UNKNOWN, Json, Tree, is_array, is_object
from rehearsal.providers.kubernetes.objects import Kind, kind_of, pick, remove
from rehearsal.providers.kubernetes.quantity import canonical

Fields = dict[str, str]
_READ_ONLY: Final = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
]
_SECRET: Final = Kind("", "v1", "Secret")


class Table(NamedTuple):
    """What `types.json` holds: the type of each kind, and the fields of each type in which something happens."""

    kinds: dict[str, str]
    types: dict[str, Fields]


@cache
def table() -> Table:
    """Load `types.json` once."""
    raw: dict[str, Json] = json.loads(Path(__file__).with_name("types.json").read_text(encoding="utf-8"))
    return Table(raw["kinds"], raw["types"])


def normal(inputs: Tree) -> Tree:
    """Return inputs in the spelling of state. The result may share parts with the argument."""
    kind = kind_of(inputs)
    type_name = table().kinds.get(str(kind))
    if type_name is not None:
        inputs = _object(inputs, table().types.get(type_name, {}))
        if kind == _SECRET:
            inputs = _secret(inputs)
    else:
        inputs = dict(inputs)
        if kind.kind == "CustomResourceDefinition" and kind.group == "apiextensions.k8s.io":
            inputs = _definition(inputs)
    metadata = inputs.get("metadata")
    if is_object(metadata):
        inputs["metadata"] = {key: item for key, item in metadata.items() if key not in _READ_ONLY}
    return inputs


def _object(value: Tree, fields: Fields) -> Tree:
    result: Tree = {}
    for key, item in value.items():
        code = fields.get(key)
        if code is None:
            result[key] = item
        elif not (code[0] == "o" and _is_empty(item)):
            result[key] = _value(item, code.removeprefix("o"))
    return result


def _is_empty(value: Json) -> bool:
    return value is not UNKNOWN and not value


def _value(value: Json, code: str) -> Json:
    if not code or value is UNKNOWN:
        return value
    shape, rest = code[0], code[1:]
    if shape == "q":
        return canonical(value)
    if shape == "T" and is_object(value):
        return _object(value, table().types[rest])
    if shape == "*" and is_array(value):
        return [_value(item, rest) for item in value]
    if shape == "%" and is_object(value):
        return {key: _value(item, rest) for key, item in value.items()}
    return value


def _secret(inputs: Tree) -> Tree:
    """Move ``stringData`` into ``data``, as the server will; a part that is not known yet stops that."""
    plain_text, data = inputs.get("stringData"), inputs.get("data", {})
    if (
        not is_object(plain_text)
        or not is_object(data)
        or any(not isinstance(item, str) for item in plain_text.values())
    ):
        return inputs
    encoded = {key: base64.b64encode(item.encode()).decode() for key, item in plain_text.items()}
    inputs["data"] = {**data, **encoded}
    remove(inputs, "stringData")
    return inputs


def _definition(inputs: Tree) -> Tree:
    """Drop what the server drops from a CustomResourceDefinition."""
    inputs.pop("status", None)
    if pick(inputs, "spec", "preserveUnknownFields") is False:
        inputs["spec"] = {key: item for key, item in inputs["spec"].items() if key != "preserveUnknownFields"}
    return inputs
