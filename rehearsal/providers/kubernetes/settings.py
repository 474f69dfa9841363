"""The provider's own configuration: what the SDK's ``kubernetes.Provider`` takes, as far as the stand-in knows it."""

import os
from dataclasses import dataclass
from typing import Final

from rehearsal.providers.codec import UNKNOWN, Json, Tree, is_object
from rehearsal.providers.kubernetes.kubeconfig import KubeconfigError, active_cluster, load

# The environment variable that stands in for each flag, as documented for pulumi-kubernetes 4.34.
_FLAGS: Final = {
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
}
_UNSUPPORTED: Final = {
    "alwaysRender": "renders YAML instead of talking to a cluster",
    "renderYamlToDirectory": "renders YAML instead of talking to a cluster",
    "upsertExistingObjects": "takes over objects that exist; import them instead",
}
_CLUSTER_KEYS: Final = ("kubeconfig", "context", "cluster")


@dataclass(frozen=True, slots=True)
class Settings:
    """Configuration of one provider instance."""

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    patch_force: bool = False
    config_map_mutable: bool = False
    secret_mutable: bool = False


def read_settings(arguments: Tree) -> Settings:
    """Read the configuration. Flags may come as booleans or as ``"true"``."""

    def flag(name: str) -> bool:
        value = arguments.get(name, os.environ.get(_FLAGS[name], ""))
        return value is True or value == "true"

    def word(name: str) -> str:
        value = arguments.get(name)
        return value if isinstance(value, str) else ""

    return Settings(
        kubeconfig=word("kubeconfig"),
        context=word("context"),
        cluster=word("cluster"),
        namespace=word("namespace"),
        delete_unreachable=flag("deleteUnreachable"),
        skip_update_unreachable=flag("skipUpdateUnreachable"),
        patch_force=flag("enablePatchForce"),
        config_map_mutable=flag("enableConfigMapMutable"),
        secret_mutable=flag("enableSecretMutable"),
    )


def find_failures(arguments: Tree, urn: str) -> list[tuple[str, str]]:
    """List what is wrong with a configuration, as pairs of property and reason."""
    failures = [
        (name, f"the stand-in plugin does not support {name}, which {what}; use the real plugin for that")
        for name, what in _UNSUPPORTED.items()
        if arguments.get(name) not in (None, "", False, "false")
    ]
    if arguments.get("enableServerSideApply") in (False, "false"):
        failures.append(("enableServerSideApply", "the stand-in plugin always uses server-side apply; remove this"))
    if arguments.get("strictMode") in (True, "true"):
        if urn.rpartition("::")[2].startswith("default"):
            failures.append(("", "strict mode prohibits the default provider; pass an explicit one"))
        failures.extend(
            (name, f"strict mode requires the provider's `{name}` argument")
            for name in ("kubeconfig", "context")
            if not arguments.get(name)
        )
    return failures


def compare_settings(old: Tree, new: Tree) -> tuple[list[str], list[str]]:
    """List which settings changed, and which of these mean another cluster, so that every object is replaced.

    An unchanged ``clusterIdentifier`` says that it is the same cluster, whatever else changed (4.34 ``DiffConfig``).
    """
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key) or new.get(key) is UNKNOWN)
    if not changed:
        return [], []
    identifier = new.get("clusterIdentifier")
    if identifier and identifier == old.get("clusterIdentifier"):
        return changed, []
    replaces = ["clusterIdentifier"] if identifier and old.get("clusterIdentifier") else []
    unknown = [key for key in _CLUSTER_KEYS if new.get(key) is UNKNOWN]
    if unknown:
        return changed, replaces + unknown[:1]
    before, after = _active(old), _active(new)
    if before is not None and after is not None and before != after:
        replaces += [key for key in _CLUSTER_KEYS if key in changed]
    return changed, replaces


def _active(arguments: Tree) -> Json:
    settings = read_settings(arguments)
    if not settings.kubeconfig:
        return None
    try:
        config, _folder = load(settings.kubeconfig)
    except KubeconfigError:
        return None
    found = active_cluster(config, context=settings.context, cluster=settings.cluster)
    return found if is_object(found) else None
