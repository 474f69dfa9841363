"""The ``pulumi.com/`` annotations a program may set on an object.

Names and meaning: https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/ (read 2026-11).
"""

import re
from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.objects import text

AUTONAMED: Final = "pulumi.com/autonamed"
SKIP_AWAIT: Final = "pulumi.com/skipAwait"
TIMEOUT_SECONDS: Final = "pulumi.com/timeoutSeconds"
PATCH_FORCE: Final = "pulumi.com/patchForce"
PATCH_FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
WAIT_FOR: Final = "pulumi.com/waitFor"
REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"
DELETION_PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"

_PROPAGATION: Final = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(h|m|s)?")
_SECONDS_PER: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0}


def annotation(tree: Tree, name: str) -> str:
    """Read an annotation; empty when unset or unknown."""
    return text(tree, "metadata", "annotations", name)


def is_true(tree: Tree, name: str) -> bool:
    """Tell whether an annotation is ``"true"``."""
    return annotation(tree, name).lower() == "true"


def timeout_seconds(inputs: Tree, requested_seconds: float, default_seconds: float) -> float:
    """Choose how long to wait: the resource option, else the annotation (``300``, ``5m``), else the default."""
    if requested_seconds > 0:
        return requested_seconds
    found = annotation(inputs, TIMEOUT_SECONDS)
    parts = [match for match in _DURATION.findall(found) if match]
    seconds = sum(float(amount) * _SECONDS_PER[unit] for amount, unit in parts)
    return seconds if seconds > 0 else default_seconds


def propagation_policy(inputs: Tree) -> str:
    """Choose how a deletion treats what the object owns: ``Foreground`` unless the annotation says otherwise."""
    return _PROPAGATION.get(annotation(inputs, DELETION_PROPAGATION).lower(), "Foreground")
