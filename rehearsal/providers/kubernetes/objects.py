"""Small helpers on Kubernetes objects as JSON trees."""

from collections.abc import Iterator
from dataclasses import dataclass

from rehearsal.providers.codec import Json, Tree, is_array, is_object


@dataclass(frozen=True, slots=True)
class Kind:
    """A group, a version and a kind. The core group is the empty string."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """``v1`` for the core group, else ``group/version``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.api_version}/{self.kind}"


def kind_of(tree: Tree) -> Kind:
    """Read the kind of an object. ``core/v1`` is the SDK's spelling of ``v1``."""
    group, _, version = str(tree.get("apiVersion", "")).rpartition("/")
    return Kind("" if group == "core" else group, version, str(tree.get("kind", "")))


def kind_of_type(type_token: str) -> Kind:
    """Read the kind from a type token such as ``kubernetes:apps/v1:Deployment``.

    Raises:
        ValueError: the token does not name a group, a version and a kind.
    """
    parts = type_token.split(":")
    group, _, version = parts[1].rpartition("/") if len(parts) == 3 else ("", "", "")  # noqa: PLR2004  # package:module:name
    if not version:
        raise ValueError(f"the type {type_token!r} does not name an API group, a version and a kind")
    return Kind("" if group == "core" else group, version, parts[2])


def pick(tree: Json, *path: str) -> Json:
    """Follow a path of keys; ``None`` where it ends early."""
    for key in path:
        if not is_object(tree):
            return None
        tree = tree.get(key)
    return tree


def put(tree: Tree, value: Json, *path: str) -> None:
    """Set a value at a path, making the objects on the way."""
    for key in path[:-1]:
        inner = tree.get(key)
        if not is_object(inner):
            inner = tree[key] = {}
        tree = inner
    tree[path[-1]] = value


def remove(tree: Tree, *path: str) -> None:
    """Remove what stands at a path, if anything does."""
    holder = pick(tree, *path[:-1])
    if is_object(holder):
        holder.pop(path[-1], None)


def text(tree: Json, *path: str) -> str:
    """Read a string at a path; empty where there is none."""
    value = pick(tree, *path)
    return value if isinstance(value, str) else ""


def number(tree: Json, *path: str) -> int:
    """Read a whole number at a path; 0 where there is none."""
    value = pick(tree, *path)
    return value if isinstance(value, int) else 0


def items(tree: Json, *path: str) -> list[Tree]:
    """Read the objects of a list at a path; empty where there is none."""
    value = pick(tree, *path)
    return [item for item in value if is_object(item)] if is_array(value) else []


def branch(tree: Json, *path: str) -> Tree:
    """Read an object at a path; empty where there is none."""
    value = pick(tree, *path)
    return value if is_object(value) else {}


def name_of(tree: Tree) -> str:
    """Read ``metadata.name``; empty when unset or unknown."""
    return text(tree, "metadata", "name")


def namespace_of(tree: Tree) -> str:
    """Read ``metadata.namespace``; empty when unset or unknown."""
    return text(tree, "metadata", "namespace")


def identity_of(tree: Tree) -> str:
    """Build the resource id, ``namespace/name`` or ``name``."""
    namespace = namespace_of(tree)
    return f"{namespace}/{name_of(tree)}" if namespace else name_of(tree)


def split_identity(identity: str) -> tuple[str, str]:
    """Split an id into namespace (empty for cluster-wide objects) and name."""
    namespace, _, name = identity.rpartition("/")
    return namespace, name


def conditions(tree: Tree) -> Iterator[Tree]:
    """Walk the conditions of an object's status."""
    yield from items(tree, "status", "conditions")


def condition(tree: Tree, type_: str) -> Tree:
    """Find one condition of an object's status; empty when there is none."""
    for item in conditions(tree):
        if item.get("type") == type_:
            return item
    return {}
