"""The resource kinds of pulumi-random 4.21: inputs, defaults, outputs.

Sources: Python SDK 4.21.4, and ``internal/provider/resource_*.go`` of hashicorp/terraform-provider-random 3.7, which
the real plugin wraps. State layout (``__meta``, ids, where defaults appear) as in the real plugin's recorded calls:
``provider/testdata/recorded/TestProviderUpgrade`` of pulumi/pulumi-random.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Type: TypeAlias = Literal["integer", "boolean", "string", "list of strings", "map of strings"]


@dataclass(frozen=True, slots=True)
class Input:
    """One input."""

    type: Type
    required: bool = False
    default: str | int | bool | None = None  # in the outputs when not given; the inputs stay as they are
    minimum: int | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource kind. A change of any input replaces the resource."""

    inputs: Mapping[str, Input]
    computed: tuple[str, ...]  # outputs that are not inputs
    secret: tuple[str, ...] = ()  # those of them that are secret always
    schema_version: int = 0  # kept in state as ``__meta`` when not 0, so that the real plugin reads it right
    extra: Mapping[str, str] = field(default_factory=dict[str, str])  # deprecated input -> the one it stands for


_KEEPERS: Final = {"keepers": Input("map of strings")}
_STRING: Final = {
    "length": Input("integer", required=True, minimum=1),
    "lower": Input("boolean", default=True),
    "upper": Input("boolean", default=True),
    "numeric": Input("boolean", default=True),
    "number": Input("boolean", default=True),
    "special": Input("boolean", default=True),
    "minLower": Input("integer", default=0, minimum=0),
    "minUpper": Input("integer", default=0, minimum=0),
    "minNumeric": Input("integer", default=0, minimum=0),
    "minSpecial": Input("integer", default=0, minimum=0),
    "overrideSpecial": Input("string"),
    **_KEEPERS,
}
_NUMBER_IS_NUMERIC: Final = {"number": "numeric", "numeric": "number"}

KINDS: Final[Mapping[str, Kind]] = {
    "RandomBytes": Kind(
        {"length": Input("integer", required=True, minimum=1), **_KEEPERS}, ("base64", "hex"), secret=("base64", "hex")
    ),
    "RandomId": Kind(
        {"byteLength": Input("integer", required=True, minimum=1), "prefix": Input("string"), **_KEEPERS},
        ("b64Std", "b64Url", "dec", "hex"),
    ),
    "RandomInteger": Kind(
        {
            "min": Input("integer", required=True),
            "max": Input("integer", required=True),
            "seed": Input("string"),
            **_KEEPERS,
        },
        ("result",),
    ),
    "RandomPassword": Kind(
        _STRING,
        ("bcryptHash", "result"),
        secret=("bcryptHash", "result"),
        schema_version=3,
        extra=_NUMBER_IS_NUMERIC,
    ),
    "RandomPet": Kind(
        {
            "length": Input("integer", default=2, minimum=1),
            "prefix": Input("string"),
            "separator": Input("string", default="-"),
            **_KEEPERS,
        },
        (),
    ),
    "RandomShuffle": Kind(
        {
            "inputs": Input("list of strings", required=True),
            "resultCount": Input("integer", minimum=0),
            "seed": Input("string"),
            **_KEEPERS,
        },
        ("results",),
    ),
    "RandomString": Kind(_STRING, ("result",), schema_version=2, extra=_NUMBER_IS_NUMERIC),
    "RandomUuid": Kind(_KEEPERS, ("result",)),
    "RandomUuid4": Kind(_KEEPERS, ("result",)),
    "RandomUuid7": Kind(_KEEPERS, ("result",)),
}


def kind_name(urn: str) -> str:
    """Return the kind of a resource, such as ``RandomPet``, from its URN."""
    type_token = urn.split("::")[2].rsplit("$", 1)[-1]
    return type_token.rsplit(":", 1)[-1]
