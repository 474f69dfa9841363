"""The writer half of the node cache, without Pulumi: a DaemonSet per node pool, its list of models, its openings.

The directory is a ``hostPath``, which Pod Security forbids from "baseline" up, so the cache has a namespace of its own
at the level "privileged"; nothing else of that level is used. The kubelet makes the directory as root and applies no
``fsGroup`` to it, so the agent is root: without capabilities, on a read-only root file system, without a service
account token. On nodes that enforce SELinux the directory needs the label ``container_file_t`` beforehand.

No priority class: a cache that could push a model server off its node would do more harm than one that waits.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from components.loaders.agent_container import agent_container, agent_volumes, deadline_seconds
from components.loaders.contract import METRICS_PORT, METRICS_PORT_NAME, NO_TRUST, Trust
from components.loaders.node_cache import host_path
from components.loaders.source_args import egress_ports, source_args
from components.loaders.trust import trust_args, trust_files
from components.names import labels, selector
from components.node_pool.contract import NodeTarget
from components.objects import Manifest
from components.security.network_policy import LoaderTraffic, render_loader
from stacks.spec.source import AgentSource

CONTAINER: Final = "cache-models"
"""Name of the container; alerts name it."""

ACCOUNT: Final = "node-cache"
"""Service account of the cache's pods: no rights, no token."""

INTERVAL_SECONDS: Final = 60
"""Pause between two looks at the list of models and at what is kept."""

_COMPONENT: Final = "node-cache"
_ROOT: Final = 0
_STORE_VOLUME: Final = "model-store"
_STORE_MOUNT: Final = "/models-store"
_LIST_VOLUME: Final = "model-list"
_LIST_MOUNT: Final = "/etc/slipway/models"
_LIST_FILE: Final = "models.json"
_RESOURCES: Final = {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}}
"""Little processor is reserved, so that the cache fits on a full node; it may use what is idle."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CachedModel:
    """One model on the nodes of a pool.

    Attributes:
        name: the model's name; its directory on the node.
        source: where the weights are.
        trust: whom the loader believes.
    """

    name: str
    source: AgentSource
    trust: Trust = NO_TRUST


@dataclass(frozen=True, kw_only=True, slots=True)
class CachePool:
    """The cache on the nodes of one pool.

    Attributes:
        pool: the pool's name.
        nodes: how pods get onto it.
        image: image the agent runs in.
        models: what is kept there.
    """

    pool: str
    nodes: NodeTarget
    image: str
    models: Sequence[CachedModel]

    @property
    def name(self) -> str:
        """Name of the pool's DaemonSet, list of models and network policy."""
        return f"node-cache-{self.pool}"

    @property
    def sources(self) -> dict[str, AgentSource]:
        """Where the weights are, by the model's name."""
        return {model.name: model.source for model in self.models}


def cache_namespace(namespace: str) -> str:
    """Return the namespace of the cache that belongs to a namespace of models."""
    return f"{namespace}-node-cache"


def render_list(cache: CachePool, namespace: str, *, pull_secret: bool) -> Manifest:
    """Return the list of models, and beside it the keys and CAs that its arguments name.

    Its name stays and the agent reads it again: another model does not restart the cache.

    Args:
        cache: the pool's cache.
        namespace: namespace of the cache.
        pull_secret: whether the registry's credentials are mounted.
    """
    models = sorted(cache.models, key=lambda model: model.name)
    entries = [{"name": model.name, "args": _listed_args(model, pull_secret=pull_secret)} for model in models]
    files = {name: text for model in models for name, text in trust_files(model.source, model.trust).items()}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": cache.name, "namespace": namespace, "labels": labels(cache.name, _COMPONENT)},
        "data": {**dict(sorted(files.items())), _LIST_FILE: json.dumps(entries, indent=1)},
    }


def _listed_args(model: CachedModel, *, pull_secret: bool) -> list[str]:
    named = source_args(model.source, model=model.name, pull_secret=pull_secret)
    return [*named, *trust_args(model.source, model.trust, _LIST_MOUNT)]


def render_policy(cache: CachePool, namespace: str, cidrs: Sequence[str], monitoring_namespace: str | None) -> Manifest:
    """Return the openings: out to where the weights are, in for the scrape of metrics.

    Args:
        cache: the pool's cache.
        namespace: namespace of the cache.
        cidrs: networks loaders may reach; empty = any.
        monitoring_namespace: namespace of the Prometheus that scrapes; None = nobody does.
    """
    traffic = LoaderTraffic(
        ports=[port for model in cache.models for port in egress_ports(model.source, model.trust.mirrors)],
        cidrs=cidrs,
        metrics_port=METRICS_PORT,
        monitoring_namespace=monitoring_namespace,
    )
    return render_loader(cache.name, namespace, selector(cache.name), traffic)


def render_daemon_set(cache: CachePool, models_namespace: str, pull_secret: str | None) -> Manifest:
    """Return the DaemonSet.

    Nobody waits for all of its pods: one broken node of a hundred must not fail ``up``. Pods that need a version wait
    for it themselves.

    Args:
        cache: the pool's cache.
        models_namespace: namespace of the models it serves.
        pull_secret: Secret with the registry's credentials, in the namespace of the cache; None = anonymous.
    """
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": cache.name,
            "namespace": cache_namespace(models_namespace),
            "labels": labels(cache.name, _COMPONENT),
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        "spec": {
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": selector(cache.name)},
            "template": {
                "metadata": {"labels": labels(cache.name, _COMPONENT)},
                "spec": _pod(cache, models_namespace, pull_secret),
            },
            # While a pod is replaced the files are there and readers notice nothing.
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}},
        },
    }


def _pod(cache: CachePool, models_namespace: str, pull_secret: str | None) -> Manifest:
    volumes = [
        {"name": _STORE_VOLUME, "hostPath": host_path(models_namespace)},
        {"name": _LIST_VOLUME, "configMap": {"name": cache.name, "defaultMode": 0o444}},
        *agent_volumes(pull_secret, cache.sources),
    ]
    spec: Manifest = {
        "automountServiceAccountToken": False,
        "containers": [_container(cache, pull_secret)],
        "enableServiceLinks": False,
        "nodeSelector": dict(sorted(cache.nodes.node_selector.items())),
        "securityContext": {
            "runAsGroup": _ROOT,
            "runAsUser": _ROOT,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "serviceAccountName": ACCOUNT,
        "volumes": volumes,
    }
    if pull_secret is not None:
        spec["imagePullSecrets"] = [{"name": pull_secret}]
    if cache.nodes.tolerations:
        spec["tolerations"] = list(cache.nodes.tolerations)
    return spec


def _container(cache: CachePool, pull_secret: str | None) -> Manifest:
    budget = max(deadline_seconds(model.source) for model in cache.models)
    args = ["cache", "--models", f"{_LIST_MOUNT}/{_LIST_FILE}", "--into", _STORE_MOUNT]
    container = agent_container(
        name=CONTAINER,
        image=cache.image,
        args=[
            *args,
            *("--listen", f"0.0.0.0:{METRICS_PORT}", "--deadline-seconds", str(budget)),
            *("--interval-seconds", str(INTERVAL_SECONDS)),
        ],
        mounts=[
            {"name": _STORE_VOLUME, "mountPath": _STORE_MOUNT},
            {"name": _LIST_VOLUME, "mountPath": _LIST_MOUNT, "readOnly": True},
        ],
        user=_ROOT,
        pull_secret=pull_secret,
        sources=cache.sources,
    )
    return {
        **container,
        "resources": _RESOURCES,
        "ports": [{"name": METRICS_PORT_NAME, "containerPort": METRICS_PORT}],
        # Alive while its loop turns, however long a load takes; ready once every listed model is there.
        "livenessProbe": _probe("/healthz", failures=6),
        "readinessProbe": _probe("/readyz", failures=2),
    }


def _probe(path: str, *, failures: int) -> Manifest:
    return {
        "failureThreshold": failures,
        "httpGet": {"path": path, "port": METRICS_PORT_NAME},
        "periodSeconds": 5,
        "timeoutSeconds": 2,
    }
