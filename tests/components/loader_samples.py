"""One pod and its objects for every way the weights reach a model's pods; the tests of several folders use them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from components.loaders.contract import Trust
from components.loaders.node_cache_pods import CachedModel, CachePool
from components.node_pool.contract import NodeTarget
from stacks.spec.loader import ImageLoader, NodeCacheLoader, PreloadLoader, SidecarLoader, SyncLoader
from stacks.spec.loading import Signature
from stacks.spec.runtime import HttpReload, SignalReload
from stacks.spec.source import ImageSource
from tests.components.loaders.agent.signers import KEY, OTHER, public_pem
from tests.components.model_samples import ARTIFACT, DIGEST, KIT, load, place

if TYPE_CHECKING:
    from components.loaders.contract import Loaded
    from components.objects import Manifest

PRELOAD = PreloadLoader(type="preload")
SYNC = SyncLoader(type="sync", schedule="*/30 * * * *")
NODE_CACHE = NodeCacheLoader(type="nodeCache")
SIDECAR = SidecarLoader(type="sidecar")
HTTP_RELOAD = HttpReload(type="http", path="/reload")
SIGNAL_RELOAD = SignalReload(type="signal", process="server")
IMAGE = ImageSource.model_validate(
    {"type": "image", "reference": f"registry.example.com/models/qwen3-image@{DIGEST}", "sizeGib": 16}
)
ON_GPU_NODES = NodeTarget(
    node_selector={"slipway.dev/node-pool": "l20"},
    tolerations=({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},),
    resource=None,
    accelerators=0,
)
CACHE = CachePool(
    pool="l20",
    nodes=ON_GPU_NODES,
    image="docker.io/library/python:3.14-slim",
    models=(CachedModel(name="qwen", source=KIT), CachedModel(name="bge", source=ARTIFACT)),
)

TRUST = Trust(
    signature=Signature.model_validate(
        {"publicKeys": (public_pem(KEY).decode(), public_pem(OTHER).decode()), "bundle": "signed/model.sig"}
    ),
    ca_certificates="-----BEGIN CERTIFICATE-----\nnone, but nobody here reads it\n-----END CERTIFICATE-----\n",
    mirrors={"registry.example.com": "https://mirror.example.com:8443/", "docker.io": "https://mirror.example.com"},
)
SIGNED_CACHE = replace(
    CACHE,
    models=(
        CachedModel(name="qwen", source=KIT, trust=TRUST),
        CachedModel(name="bge", source=ARTIFACT, trust=replace(TRUST, signature=None)),
    ),
)


def transports() -> dict[str, Loaded]:
    """Return the loader's part of the pods, by transport."""
    shared = place(claim="weights")
    return {
        "init-pod": load(KIT),
        "init-shared": load(KIT, shared),
        "sidecar": load(KIT, replace(place(), reload=HTTP_RELOAD), SIDECAR),
        "sidecar-signal": load(KIT, replace(place(), reload=SIGNAL_RELOAD), SIDECAR),
        "preload": load(KIT, shared, PRELOAD),
        "sync": load(KIT, shared, SYNC),
        "node-cache": load(KIT, place(), NODE_CACHE),
        "image": load(IMAGE, place(), ImageLoader(type="image")),
    }


def signed_transports() -> dict[str, Loaded]:
    """Return the same for a model whose loader has somebody to believe; the cache's readers check nothing."""
    shared = replace(place(claim="weights"), trust=TRUST, reload=HTTP_RELOAD)
    return {
        "signed-init": load(KIT, shared),
        "signed-sidecar": load(KIT, shared, SIDECAR),
        "signed-preload": load(KIT, shared, PRELOAD),
        "signed-sync": load(KIT, shared, SYNC),
        "signed-node-cache": load(KIT, shared, NODE_CACHE),
    }


def of_kind(loaded: Loaded, kind: str) -> Manifest:
    """Return the loader's one object of a kind."""
    (found,) = (manifest for manifest in loaded.objects if manifest["kind"] == kind)
    return found


def pod_from(template: Manifest, name: str = "qwen-x2x4z") -> Manifest:
    """Return the pod a controller would make of a template; a copy, which a test may change."""
    own = deepcopy(template)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**own["metadata"], "name": name}, "spec": own["spec"]}
