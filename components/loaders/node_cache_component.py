"""The cache of models on the nodes: its own namespace, a DaemonSet per pool, and the claim readers mount."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.loaders import node_cache, node_cache_pods
from components.loaders.code import config_map
from components.loaders.node_cache_pods import ACCOUNT, CachePool, cache_namespace
from components.loaders.source_secret import SourceSecret, SourceSecretArgs, needs_secret
from components.objects import KubernetesObject, Manifest
from components.registry.pull_secret import PullSecret, PullSecretArgs
from components.security.namespace import render_namespace
from components.security.network_policy import DENY_NAME, DNS_NAME, render_default_deny, render_dns
from components.security.service_account import render_service_account


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What the cache pulls with.

    Attributes:
        name: name of the Secret.
        server: host[:port] of the registry.
        username: user name.
        password: password or token.
    """

    name: str
    server: str
    username: pulumi.Output[str]
    password: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeCacheArgs:
    """Arguments of the cache.

    Attributes:
        namespace: namespace of the models; the cache's own is named after it.
        pools: the pools that have a cache.
        kubernetes_version: (major, minor) of the cluster.
        credentials: of the registry; None = anonymous pulls.
        secrets: values of the secret keys that sources name, by key.
        cidrs: networks loaders may reach; empty = any.
        monitoring_namespace: namespace of the Prometheus that scrapes; None = nobody does.
        after: resources that must be there first, the models' namespace for instance.
    """

    namespace: str
    pools: Sequence[CachePool]
    kubernetes_version: tuple[int, int]
    credentials: Credentials | None
    secrets: Mapping[str, pulumi.Output[str]]
    cidrs: Sequence[str]
    monitoring_namespace: str | None
    after: tuple[pulumi.Resource, ...] = ()


class NodeCache(pulumi.ComponentResource):
    """Children: namespace, policies, account, secrets, code; per pool a list, a policy and a DaemonSet; the claim.

    Attributes:
        barrier: the claim, there when readers can be made; it goes after them, and the cache after it.
    """

    barrier: pulumi.Resource

    def __init__(self, name: str, args: NodeCacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:loaders:NodeCache", name, None, opts)
        self._inside = cache_namespace(args.namespace)
        namespace = self._make(self._inside, render_namespace(self._inside, "privileged", args.kubernetes_version), ())
        ready = self._tenancy(args, namespace)
        daemons = [self._pool(pool, args, namespace, ready) for pool in args.pools]
        volume = self._make(node_cache.CLAIM, node_cache.render_volume(args.namespace), ())
        claim = node_cache.render_claim(args.namespace)
        self.barrier = self._make(node_cache.CLAIM, claim, (volume, *daemons, *args.after))
        self.register_outputs({"namespace": self._inside})

    def _make(self, name: str, manifest: Manifest, after: Sequence[pulumi.Resource]) -> KubernetesObject:
        options = pulumi.ResourceOptions(parent=self, depends_on=list(after))
        return KubernetesObject(name, manifest, options)

    def _tenancy(self, args: NodeCacheArgs, namespace: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
        """Declare what every pod of the cache needs."""
        secrets = [] if args.credentials is None else [args.credentials.name]
        made: list[pulumi.Resource] = [
            self._make(DENY_NAME, render_default_deny(self._inside), [namespace]),
            self._make(DNS_NAME, render_dns(self._inside), [namespace]),
            self._make(ACCOUNT, render_service_account(ACCOUNT, self._inside, secrets), [namespace]),
            self._make("loader-agent", config_map(self._inside), [namespace]),
        ]
        if args.credentials is not None:
            own = args.credentials
            secret = PullSecretArgs(
                server=own.server,
                username=own.username,
                password=own.password,
                namespace=self._inside,
                after=(namespace,),
            )
            made.append(PullSecret(own.name, secret, pulumi.ResourceOptions(parent=self)).barrier)
        for model in (model for pool in args.pools for model in pool.models if needs_secret(model.source)):
            own_secret = SourceSecretArgs(
                source=model.source, secrets=args.secrets, namespace=self._inside, after=(namespace,)
            )
            made.append(SourceSecret(model.name, own_secret, pulumi.ResourceOptions(parent=self)).barrier)
        return tuple(made)

    def _pool(
        self, pool: CachePool, args: NodeCacheArgs, namespace: pulumi.Resource, ready: tuple[pulumi.Resource, ...]
    ) -> KubernetesObject:
        """Declare the cache of one pool."""
        secret = None if args.credentials is None else args.credentials.name
        listed = node_cache_pods.render_list(pool, self._inside, pull_secret=secret is not None)
        policy = node_cache_pods.render_policy(pool, self._inside, args.cidrs, args.monitoring_namespace)
        before = [self._make(pool.name, manifest, [namespace]) for manifest in (listed, policy)]
        daemon_set = node_cache_pods.render_daemon_set(pool, args.namespace, secret)
        return self._make(pool.name, daemon_set, (*ready, *before))
