"""Who owns which field of a live object: ignored changes, and taking over from a plain create.

Facts: https://kubernetes.io/docs/reference/using-api/server-side-apply/ (1.34) and ``ssaUpdate`` in pulumi-kubernetes
4.34 ``provider/pkg/await/await.go``.
"""

from collections.abc import Sequence
from typing import Final

from rehearsal.providers.codec import Json, Tree, is_object
from rehearsal.providers.kubernetes.differences import Path
from rehearsal.providers.kubernetes.objects import items, pick, put, remove, text

# Entries whose fields a plain `kubectl apply` or a plain create left behind; this program is their owner from now on.
_TAKEN_OVER: Final = frozenset(
    {
        ("kubectl", "Apply"),
        ("kubectl", "Update"),
        ("before-first-apply", "Update"),
        ("pulumi-kubernetes", "Update"),
        ("pulumi-kubernetes.exe", "Update"),
        ("pulumi-resource-kubernetes", "Update"),
    }
)
TAKEN_OVER_MANAGERS: Final = frozenset(manager for manager, _operation in _TAKEN_OVER)


def takeover(live: Tree, manager: str) -> list[Tree]:
    """Build the JSON patch that hands the fields of a plain create over to a field manager; empty when done already."""
    entries = items(live, "metadata", "managedFields")
    taken = [entry for entry in entries if _is_taken(entry)]
    if not taken:
        return []
    ours = next((entry for entry in entries if _is_ours(entry, manager)), None)
    fields: Tree = {}
    for entry in [*taken, ours] if ours else taken:
        fields = _union(fields, entry.get("fieldsV1"))
    merged = {**(ours or taken[0]), "manager": manager, "operation": "Apply", "fieldsV1": fields}
    rest = [entry for entry in entries if entry not in taken and entry is not ours]
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": [merged, *rest]},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": text(live, "metadata", "resourceVersion")},
    ]


def _is_taken(entry: Tree) -> bool:
    return (text(entry, "manager"), text(entry, "operation")) in _TAKEN_OVER and not entry.get("subresource")


def _is_ours(entry: Tree, manager: str) -> bool:
    return text(entry, "manager") == manager and text(entry, "operation") == "Apply" and not entry.get("subresource")


def _union(left: Tree, right: Json) -> Tree:
    result = dict(left)
    if is_object(right):
        for key, value in right.items():
            known = result.get(key)
            result[key] = _union(known, value) if is_object(known) else value
    return result


def without_ignored(inputs: Tree, live: Tree, manager: str, ignored: Sequence[Path]) -> Tree:
    """Leave ignored fields as they are on the cluster: to their owner when that is not us, else with the live value.

    What a plain create left behind counts as ours: the update takes it over first, and a field that we own and do not
    send would be removed, for ``spec.replicas`` down to one pod.

    Paths through lists are left alone, as by the real plugin.
    """
    result = inputs
    for path in ignored:
        keys = [part for part in path if isinstance(part, str)]
        if len(keys) != len(path) or "*" in keys:
            continue
        result = _copy_along(result, keys)
        owners = _owners(live, keys, manager)
        current = pick(live, *keys)
        if owners and manager not in owners:
            remove(result, *keys)
        elif current is not None:
            put(result, current, *keys)
    return result


def _owners(live: Tree, keys: Sequence[str], manager: str) -> set[str]:
    wanted = [f"f:{key}" for key in keys]
    return {
        manager if _is_taken(entry) else text(entry, "manager")
        for entry in items(live, "metadata", "managedFields")
        if pick(entry.get("fieldsV1"), *wanted) is not None
    }


def _copy_along(tree: Tree, keys: Sequence[str]) -> Tree:
    """Copy the objects on the way to a path, so that changing it does not change the original."""
    copy = dict(tree)
    inner = copy
    for key in keys[:-1]:
        value = inner.get(key)
        if not is_object(value):
            break
        inner[key] = dict(value)
        inner = inner[key]
    return copy
