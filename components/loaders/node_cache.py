"""The reader half of the node cache: pods mount what a DaemonSet keeps on every node of their pool.

A pod of a namespace at the level "restricted" may not name a directory of its node (``hostPath``), but it may name a
claim (Kubernetes, "Pod Security Standards"). So one volume of type ``hostPath`` and one claim bound to it stand for the
same directory on every node: the kubelet of each node mounts its own. That is what the documentation warns of
("Persistent Volumes", "hostPath: single node testing only"), and here it is what is wanted, for the files are a cache
that each node fills by itself. Access modes match claims to volumes and restrict nothing (same page, "Access Modes");
what makes the files safe is that they belong to root, that ``fsGroup`` is not applied to ``hostPath``, and that the
claim is mounted read-only.

A pod may land on a node that does not have its version yet. Its gate looks at this very node, so neither affinity nor a
label on the node is needed: on a new node the cache's pod comes, loads, and the gates open.
"""

from typing import Final

from components.loaders import source_args
from components.loaders.agent_container import deadline_seconds
from components.loaders.contract import Loaded, LoaderPlace
from components.loaders.trust import trust_checks
from components.loaders.wait import Gate, gated
from components.names import labels, limited
from components.objects import Manifest
from components.storage.claim import render_claim_object
from stacks.spec.loader import NodeCacheLoader
from stacks.spec.source import AgentSource

CLAIM: Final = "node-model-cache"
"""Claim of the models' namespace for the directory on the nodes."""

_HOST_DIRECTORY: Final = "/var/lib/slipway/models"
_ACCESS: Final = "ReadOnlyMany"
_NO_SIZE: Final = "1Gi"
"""A size must be given and means nothing here: the disk of each node is the limit."""


def host_path(namespace: str) -> Manifest:
    """Return the directory of the nodes, one per models' namespace: a cache removes what its stack does not list."""
    return {"path": f"{_HOST_DIRECTORY}/{namespace}", "type": "DirectoryOrCreate"}


def render(loader: NodeCacheLoader, source: AgentSource, place: LoaderPlace) -> Loaded:
    """Return the pods' volume and their gate; the cache itself is made once for all models."""
    gate = Gate(
        image=loader.image,
        user=place.user,
        model=place.model,
        version=("--key", source_args.version_key(source)),
        checks=trust_checks(source, place.trust),
        deadline_seconds=deadline_seconds(source),
    )
    store = {"name": "model-store", "persistentVolumeClaim": {"claimName": CLAIM, "readOnly": True}}
    return gated(store, gate, source_args.annotations(source), ())


def render_volume(namespace: str) -> Manifest:
    """Return the volume that stands for the directory on every node; it is reserved for the one claim."""
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": CLAIM, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": _volume_name(namespace), "labels": labels(CLAIM, "storage")},
        "spec": {
            "accessModes": [_ACCESS],
            "capacity": {"storage": _NO_SIZE},
            "claimRef": claim,
            "hostPath": host_path(namespace),
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "volumeMode": "Filesystem",
        },
    }


def render_claim(namespace: str) -> Manifest:
    """Return the claim bound to the volume; the empty class keeps a default class from provisioning another."""
    spec = {
        "accessModes": [_ACCESS],
        "resources": {"requests": {"storage": _NO_SIZE}},
        "storageClassName": "",
        "volumeMode": "Filesystem",
        "volumeName": _volume_name(namespace),
    }
    return render_claim_object(CLAIM, namespace, spec, skip_await=False)


def _volume_name(namespace: str) -> str:
    return limited(f"{namespace}-{CLAIM}")
