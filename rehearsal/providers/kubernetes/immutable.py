"""Which changes replace an object, as the real plugin decides it.

Facts: ``provider/pkg/provider/diff.go`` of pulumi-kubernetes 4.34. Replacing is chosen per path, children included.
"""

from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.objects import Kind, kind_of

Pattern = tuple[str, ...]  # "*" stands for any index of a list

_VOLUME_SOURCES: Final = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
]
_POD_FIELDS: Final = [
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostname",
    "imagePullSecrets",
    "nodeName",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "volumes",
]
_CONTAINER_FIELDS: Final = [
    "args",
    "command",
    "env",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "resources",
    "securityContext",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
]


def _spec(*fields: str) -> tuple[Pattern, ...]:
    return tuple(("spec", field) for field in fields)


_ALWAYS: Final[tuple[Pattern, ...]] = (("metadata", "name"), ("metadata", "namespace"))
_STATEFUL_SET: Final = _spec(
    "podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates"
)
_ROLE_REFERENCE: Final[tuple[Pattern, ...]] = (("roleRef",),)
_CONTAINERS: Final[tuple[Pattern, ...]] = tuple(
    ("spec", group, "*", field) for group in ("containers", "initContainers") for field in _CONTAINER_FIELDS
)
_BY_KIND: Final[dict[str, tuple[Pattern, ...]]] = {
    "apps/v1/DaemonSet": _spec("selector"),
    "apps/v1/Deployment": _spec("selector"),
    "apps/v1/StatefulSet": _STATEFUL_SET,
    "batch/v1/Job": _spec("completions", "parallelism", "selector", "template"),
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding": _ROLE_REFERENCE,
    "rbac.authorization.k8s.io/v1/RoleBinding": _ROLE_REFERENCE,
    "storage.k8s.io/v1/StorageClass": (("parameters",), ("provisioner",)),
    "v1/PersistentVolume": _spec(*_VOLUME_SOURCES),
    "v1/PersistentVolumeClaim": _spec("accessModes", "selector", "storageClassName", "volumeName"),
    "v1/Pod": _spec(*_POD_FIELDS) + _CONTAINERS,
    "v1/ResourceQuota": _spec("scopes"),
    "v1/Secret": (("type",),),
    "v1/Service": _spec("clusterIP"),
}
_CONFIG_MAP: Final = Kind("", "v1", "ConfigMap")
_SECRET: Final = Kind("", "v1", "Secret")


def replacing_patterns(inputs: Tree, *, config_map_mutable: bool, secret_mutable: bool) -> tuple[Pattern, ...]:
    """List the paths of an object whose change replaces it.

    A ConfigMap's or Secret's data replaces unless the provider's mutable flag is set and the object is not `immutable`.
    """
    kind = kind_of(inputs)
    fixed = inputs.get("immutable") is True
    patterns = _ALWAYS + _BY_KIND.get(str(kind), ())
    if kind == _CONFIG_MAP and (fixed or not config_map_mutable):
        patterns += (("binaryData",), ("data",))
    if kind == _SECRET and (fixed or not secret_mutable):
        patterns += (("stringData",), ("data",))
    return patterns


def replaces(path: tuple[str | int, ...], patterns: tuple[Pattern, ...]) -> bool:
    """Tell whether a change at a path replaces: one of the patterns is the path or a parent of it."""
    return any(
        len(pattern) <= len(path) and all(want in ("*", have) for want, have in zip(pattern, path, strict=False))
        for pattern in patterns
    )
