"""Automatic names, as the real plugin gives them: ``<resource name>-<8 hex digits>`` and an annotation that says so."""

import hashlib
import secrets
from typing import Final

from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import UNKNOWN, Tree
from rehearsal.providers.kubernetes.annotations import AUTONAMED, is_true
from rehearsal.providers.kubernetes.objects import name_of, pick, put
from rehearsal.providers.serve import Message, ProviderError

HEX_DIGITS: Final = 8
FIELD_MANAGER_PREFIX: Final = "pulumi-kubernetes-"


def is_named(tree: Tree) -> bool:
    """Tell whether a name is given, be it known yet or not."""
    return bool(name_of(tree)) or pick(tree, "metadata", "name") is UNKNOWN


def adopt_or_give_name(inputs: Tree, old_inputs: Tree, request: Message) -> None:
    """Keep the automatic name of the old inputs, or give one to a new object that has none.

    Raises:
        ProviderError: the stack has switched automatic names off and there is none.
    """
    if is_named(inputs):
        return
    if old_inputs:
        if is_true(old_inputs, AUTONAMED):
            _set(inputs, name_of(old_inputs))
    elif not pick(inputs, "metadata", "generateName"):
        _set(inputs, _new_name(request))


def _set(inputs: Tree, name: str) -> None:
    put(inputs, name, "metadata", "name")
    put(inputs, "true", "metadata", "annotations", AUTONAMED)


def _new_name(request: Message) -> str:
    options = provider_pb2.CheckRequest.AutonamingOptions
    base = request.name or request.urn.rpartition("::")[2]
    if request.HasField("autonaming"):
        if request.autonaming.mode == options.DISABLE:
            raise ProviderError(f"{request.urn}: automatic names are off in this stack; set metadata.name")
        return request.autonaming.proposed_name
    return f"{base}-{hex_digits(request.randomSeed)}"


def hex_digits(seed: bytes = b"") -> str:
    """Give 8 hex digits: from the engine's seed, which keeps them stable within one plan, else random."""
    return hashlib.sha256(seed).hexdigest()[:HEX_DIGITS] if seed else secrets.token_hex(HEX_DIGITS // 2)


def new_field_manager() -> str:
    """Name the owner of a new object's fields. State keeps it, so that later updates own the same fields."""
    return FIELD_MANAGER_PREFIX + hex_digits()
