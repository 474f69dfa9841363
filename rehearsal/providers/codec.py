"""Turn the engine's property bags into plain Python and back.

A property bag is a ``google.protobuf.Struct`` in which secrets, unknowns and references are marked objects or marker
strings. The markers are those of ``sdk/go/common/resource/plugin/rpc.go`` and ``sdk/go/common/resource/sig`` of
pulumi/pulumi v3.250.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeGuard, final

from google.protobuf import struct_pb2

Json: TypeAlias = Any
"""A JSON value, `Secret` or `UNKNOWN`. It is free by nature: the API server and the engine decide what is inside."""
Tree: TypeAlias = dict[str, Json]
"""An object: a property bag or a Kubernetes object in plain Python."""

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # a marker of the protocol
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_MARKERS: Final = frozenset(
    {
        UNKNOWN_STRING,
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
    }
)


@final
class Unknown:
    """The type of `UNKNOWN`: a value that only a later update will tell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must stay encrypted in state and must not be printed."""

    value: Json

    def __repr__(self) -> str:
        return "Secret(...)"


def is_object(value: Json) -> TypeGuard[Tree]:
    """Tell whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Json) -> TypeGuard[list[Json]]:
    """Tell whether a value is a JSON array."""
    return isinstance(value, list)


def decode(bag: struct_pb2.Struct) -> Tree:
    """Read a property bag: integral numbers become ``int``, markers become `Secret` and `UNKNOWN`."""
    return {key: decode_value(value) for key, value in bag.fields.items()}


def decode_value(value: struct_pb2.Value) -> Json:
    """Read one value of a property bag."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in UNKNOWN_MARKERS else text
    if kind == "struct_value":
        return _decode_object(value.struct_value)
    if kind == "list_value":
        return [decode_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def _decode_object(value: struct_pb2.Struct) -> Json:
    fields = {key: decode_value(item) for key, item in value.fields.items()}
    signature = fields.get(SIGNATURE_KEY)
    if signature == SECRET_SIGNATURE:
        return Secret(fields.get("value"))
    if signature == OUTPUT_SIGNATURE:
        inner = fields.get("value", UNKNOWN)
        return Secret(inner) if fields.get("secret") else inner
    if signature == RESOURCE_SIGNATURE:
        return fields.get("id", fields.get("urn"))
    return fields


def decode_plain(bag: struct_pb2.Struct) -> Tree:
    """Read a property bag without `Secret` wrappers: what `plain` makes of `decode`, in one pass."""
    return {key: _decode_plain_value(value) for key, value in bag.fields.items()}


def _decode_plain_value(value: struct_pb2.Value) -> Json:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE_KEY in fields:
            return plain(_decode_object(value.struct_value))
        return {key: _decode_plain_value(item) for key, item in fields.items()}
    if kind == "list_value":
        return [_decode_plain_value(item) for item in value.list_value.values]
    return decode_value(value)


def encode(tree: Mapping[str, Json]) -> struct_pb2.Struct:
    """Write a property bag. `Secret` and `UNKNOWN` get the engine's markers.

    Raises:
        TypeError: a value is none of JSON's, nor `Secret` or `UNKNOWN`.
    """
    bag = struct_pb2.Struct()
    fields = bag.fields
    for key, item in tree.items():
        _encode_into(fields[key], item)
    return bag


def _encode_into(slot: struct_pb2.Value, item: Json) -> None:  # noqa: C901  # one branch a JSON type
    if isinstance(item, str):
        slot.string_value = item
    elif is_object(item):
        slot.struct_value.SetInParent()  # so that an empty object stays one
        fields = slot.struct_value.fields
        for key, inner in item.items():
            _encode_into(fields[key], inner)
    elif is_array(item):
        slot.list_value.SetInParent()
        values = slot.list_value.values
        for inner in item:
            _encode_into(values.add(), inner)
    elif item is None:
        slot.null_value = struct_pb2.NULL_VALUE
    elif isinstance(item, bool):
        slot.bool_value = item
    elif isinstance(item, (int, float)):
        slot.number_value = item
    elif isinstance(item, Secret):
        _encode_into(slot, {SIGNATURE_KEY: SECRET_SIGNATURE, "value": item.value})
    elif item is UNKNOWN:
        slot.string_value = UNKNOWN_STRING
    else:
        raise TypeError(f"a property bag cannot hold a {type(item).__name__}; give it JSON values")


def plain(value: Json) -> Json:
    """Copy without the `Secret` wrappers. The copy shares no object and no array with the original."""
    if is_object(value):
        return {key: plain(item) for key, item in value.items()}
    if is_array(value):
        return [plain(item) for item in value]
    return plain(value.value) if isinstance(value, Secret) else value


def has_unknown(value: Json) -> bool:
    """Tell whether any leaf is `UNKNOWN`."""
    if is_object(value):
        return any(map(has_unknown, value.values()))
    if is_array(value):
        return any(map(has_unknown, value))
    if isinstance(value, Secret):
        return has_unknown(value.value)
    return value is UNKNOWN


def has_secret(value: Json) -> bool:
    """Tell whether any part is a `Secret`."""
    if is_object(value):
        return any(map(has_secret, value.values()))
    if is_array(value):
        return any(map(has_secret, value))
    return isinstance(value, Secret)


def copy_secrets(inputs: Json, outputs: Json) -> Json:
    """Return ``outputs`` with every part wrapped that is secret in ``inputs``.

    A list with one secret item becomes secret as a whole, because the server may have reordered it. That is what the
    real plugin does (``annotateSecrets``, pulumi-kubernetes 4.34 ``provider/pkg/provider/util.go``).
    """
    if is_object(inputs) and is_object(outputs):
        return {key: copy_secrets(inputs.get(key), item) for key, item in outputs.items()}
    return Secret(outputs) if has_secret(inputs) and not isinstance(outputs, Secret) else outputs
