"""The texts of failed operations. Their beginnings are those of the real plugin, so that searches find its pages."""

from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.cluster import CONFLICT
from rehearsal.providers.kubernetes.objects import items, kind_of, text
from rehearsal.providers.kubernetes.transport import ApiError, NoMatchError

ALREADY_EXISTS: Final = "AlreadyExists"
_EXISTS_HELP: Final = """

The resource already exists in the cluster. This can happen when:
  - the Pulumi resource was renamed: give it an alias of the old name;
  - something else made the object: adopt it with `pulumi import` or the `import_` option, or choose another name;
  - two resources of this program have the same name and namespace: rename one."""
_STRICT_HELP: Final = (
    "; the stand-in plugin checks fields strictly where the real one drops unknown ones in silence: "
    "correct the spelling or remove the field"
)
_CONFLICT_HELP: Final = (
    "server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/"
    "managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for troubleshooting help"
)
_CONFLICT_FIX: Final = (
    "leave the field to its owner with ignore_changes, "
    'or take it over with the annotation pulumi.com/patchForce: "true"'
)


def is_conflict(error: ApiError) -> bool:
    """Tell whether another field manager owns a field we want to set."""
    return error.code == CONFLICT and bool(conflicting_owners(error))


def conflicting_owners(error: ApiError) -> list[str]:
    """List who owns the fields of a conflict in the server's words: ``"kubectl" with subresource "scale" using v1``."""
    return [
        text(cause, "message").removeprefix("conflict with ")
        for cause in items(error.status, "details", "causes")
        if text(cause, "reason") == "FieldManagerConflict"
    ]


def creation_failed(urn: str, inputs: Tree, error: Exception) -> str:
    """Say why the server did not make an object."""
    if isinstance(error, NoMatchError):
        return (
            f'creation of resource "{urn}" with kind {kind_of(inputs)} failed because the Kubernetes API server '
            "reported that the apiVersion for this resource does not exist. "
            f"Verify that any required CRDs have been created: {error}"
        )
    return f'resource "{urn}" was not successfully created by the Kubernetes API server: {error}{_help(error)}'


def _help(error: Exception) -> str:
    if isinstance(error, ApiError) and error.reason == ALREADY_EXISTS:
        return _EXISTS_HELP
    if "strict decoding error" in str(error):
        return _STRICT_HELP
    return ""


def update_refused(manager: str, error: ApiError) -> str:
    """Say why the server did not take an update; a conflict names the fields and who owns them."""
    if is_conflict(error):
        return (
            f'{_CONFLICT_HELP}\nThe resource managed by field manager "{manager}" had an apply conflict: {error}\n'
            f"{_CONFLICT_FIX}"
        )
    return f"{error}{_help(error)}"


def missing_namespace(error: Exception) -> str:
    """Read the name of a namespace that does not exist from an error; empty when it says something else."""
    if not isinstance(error, ApiError) or error.reason != "NotFound":
        return ""
    details = error.status.get("details")
    return text(details, "name") if text(details, "kind") == "namespaces" else ""
