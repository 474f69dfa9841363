"""What a recorded program did, as plain data a test can compare."""

from dataclasses import dataclass, field
from typing import Any, cast

Properties = dict[str, Any]
"""A property bag as the program sent it: camelCase keys, integral numbers as int, secrets as ``Secret``."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How an unknown value of a preview shows in a property bag (``UNKNOWN_VALUE`` of the SDK)."""
SIGNATURE = "4dabf18193072939515e22adb298388d"  # key of special values; sdk/go/common/resource/sig/sig.go, Pulumi 3
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the public marker of secrets, from the same file


@dataclass(frozen=True, slots=True)
class Secret:
    """A value the program marked secret."""

    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One registration.

    Attributes:
        urn: URN as the engine forms it.
        type: type token.
        name: logical name.
        inputs: normalised inputs.
        parent: URN of the parent; empty = the stack itself.
        provider: logical name of the explicit provider; empty = none given, so the default provider.
        custom: made by a provider; components are not.
        dependencies: URNs it waits for, sorted.
        options: resource options that were set, by their name in the engine's protocol (``ignoreChanges``,
            ``customTimeouts``, ``protect``, ``retainOnDelete``, ``aliases``, ...); unset ones are absent.
    """

    urn: str
    type: str
    name: str
    inputs: Properties
    parent: str
    provider: str
    custom: bool
    dependencies: tuple[str, ...]
    options: Properties


@dataclass(kw_only=True, slots=True)
class Recorded:
    """What a program did.

    Attributes:
        resources: registrations sorted by URN, without the stack.
        reads: resources read instead of made (StackReference among them), sorted by URN.
        outputs: stack exports.
        component_outputs: what ``register_outputs`` got, by URN.
    """

    resources: list[Resource] = field(default_factory=list[Resource])
    reads: list[Resource] = field(default_factory=list[Resource])
    outputs: Properties = field(default_factory=dict[str, Any])
    component_outputs: dict[str, Properties] = field(default_factory=dict[str, Properties])

    def all(self, type_: str) -> list[Resource]:
        """Return every resource of a type token, sorted by URN."""
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name: str | None = None) -> Resource:
        """Return the only resource of a type token (and logical name); anything but one is an AssertionError."""
        found = [resource for resource in self.all(type_) if name in (None, resource.name)]
        if len(found) != 1:
            have = sorted((resource.type, resource.name) for resource in self.resources)
            raise AssertionError(f"expected one {type_} {name or ''}, found {len(found)}; registered: {have}")
        return found[0]


def plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value in, any JSON value out
    """Return a property as a test writes it: integral floats as int, secrets as ``Secret``, unknowns as ``UNKNOWN``."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        bag = cast("dict[str, Any]", value)
        if bag.get(SIGNATURE) == SECRET:
            return Secret(plain(bag["value"]))
        return {key: plain(item) for key, item in bag.items()}
    return value
