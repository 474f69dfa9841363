"""What every pod says of its identity: Pod Security level "restricted" (Kubernetes, "Pod Security Standards")."""

from typing import Final

from components.objects import Manifest

FILE_GROUP: Final = 10001
"""Group of all volumes. One for every model: on a shared volume two groups would make the kubelet change the owner of
every file again at each start of the other's pods."""


def pod_security(user: int, group: int | None = None) -> Manifest:
    """Return a pod's security context.

    Args:
        user: numeric user of every container that names no other.
        group: primary group; None = the user's number.
    """
    return {
        "fsGroup": FILE_GROUP,
        "fsGroupChangePolicy": "OnRootMismatch",  # else the kubelet walks the whole model store at every start
        "runAsGroup": user if group is None else group,
        "runAsNonRoot": True,
        "runAsUser": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
