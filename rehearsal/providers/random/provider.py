"""The calls of ``provider.proto`` for the ``random`` stand-in: a value is made once and lives in state only."""

import json
from typing import Any, TypeAlias

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import UNKNOWN, Json, Secret, Tree, copy_secrets, decode, encode, has_secret, plain
from rehearsal.providers.random.check import problems
from rehearsal.providers.random.generate import Generated, generate
from rehearsal.providers.random.imports import imported
from rehearsal.providers.random.kinds import KINDS, Kind, kind_name
from rehearsal.providers.serve import EngineLog, Provider, ProviderError

Message: TypeAlias = Any
"""A protobuf message; protobuf ships no types."""


class RandomProvider(Provider):
    """Real randomness in the real plugin's shape."""

    def __init__(self, log: EngineLog) -> None:
        super().__init__(log, "pulumi-random")

    def check(self, request: Message) -> Message:
        """Refuse what the kind does not have, lacks or cannot be. The inputs stay as given: defaults are outputs."""
        name, kind = _kind(request.urn)
        failures = [
            provider_pb2.CheckFailure(property=key, reason=reason)
            for key, reason in problems(name, kind, decode(request.news))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def diff(self, request: Message) -> Message:
        """Replace when an input's effective value changed, be it given or a default."""
        _, kind = _kind(request.urn)
        old = plain(decode(request.olds))
        new = plain(_effective(kind, decode(request.news)))
        ignored = set(request.ignoreChanges)
        changed = [key for key in kind.inputs if key not in ignored and _value(old, key) != _value(new, key)]
        if not changed:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        replace = provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.UPDATE_REPLACE)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            replaces=changed,
            diffs=changed,
            detailedDiff=dict.fromkeys(changed, replace),
            hasDetailedDiff=True,
        )

    def create(self, request: Message) -> Message:
        """Make the value; in a preview, only say which outputs there will be."""
        name, kind = _kind(request.urn)
        inputs = decode(request.properties)
        values = _effective(kind, inputs)
        if request.preview:
            outputs = _outputs(kind, inputs, ("", dict.fromkeys(kind.computed, UNKNOWN)))
            return provider_pb2.CreateResponse(properties=encode(outputs))
        if values.get("seed") is not None:
            text = f"{name}: the stand-in's value for a seed is repeatable, but not the one the real plugin makes of it"
            self.log.warning(text, request.urn)
        made = generate(name, plain(values))
        return provider_pb2.CreateResponse(id=made[0], properties=encode(_outputs(kind, inputs, made)))

    def read(self, request: Message) -> Message:
        """Return the state as it is, for there is nothing outside; without a state, import from the id."""
        name, kind = _kind(request.urn)
        if request.properties.fields:
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        inputs, made = imported(name, request.id)
        return provider_pb2.ReadResponse(
            id=made[0], properties=encode(_outputs(kind, inputs, made)), inputs=encode(inputs)
        )

    def delete(self, _request: Message) -> Message:
        """Forget it: there is nothing outside the state."""
        return empty_pb2.Empty()


def _kind(urn: str) -> tuple[str, Kind]:
    name = kind_name(urn)
    kind = KINDS.get(name)
    if kind is None:
        raise ProviderError(f"the random stand-in has no {name}; it has {', '.join(sorted(KINDS))}")
    return name, kind


def _effective(kind: Kind, inputs: Tree) -> Tree:
    """Return the inputs with defaults, and with a deprecated name and its new one the same."""
    given = {key: value for key, value in inputs.items() if value is not None}
    for key, other in kind.extra.items():
        if key not in given and other in given:
            given[key] = given[other]
    defaults = {key: rule.default for key, rule in kind.inputs.items() if rule.default is not None}
    return {**defaults, **given}


def _outputs(kind: Kind, inputs: Tree, made: Generated) -> Tree:
    """Return the whole state of a resource: effective inputs, computed outputs, and what the real plugin keeps too."""
    identity, computed = made
    # A prefix that is secret is part of the result; keepers are not.
    tainted = any(has_secret(value) for key, value in inputs.items() if key != "keepers")
    hidden = kind.computed if tainted else kind.secret
    outputs: Tree = copy_secrets(inputs, plain(_effective(kind, inputs)))
    outputs.update({key: Secret(value) if key in hidden else value for key, value in computed.items()})
    if identity:
        outputs["id"] = identity
    if kind.schema_version:
        outputs["__meta"] = json.dumps({"schema_version": str(kind.schema_version)}, separators=(",", ":"))
    return outputs


def _value(values: Tree, key: str) -> Json:
    return values.get(key) or None if key == "keepers" else values.get(key)  # no keepers and empty ones are the same
