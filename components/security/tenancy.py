"""The namespace models live in, closed before the first pod starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.objects import KubernetesObject
from components.security.namespace import PodSecurity, render_namespace
from components.security.network_policy import DENY_NAME, DNS_NAME, render_default_deny, render_dns
from components.security.service_account import render_service_account

SERVICE_ACCOUNT: Final = "model-server"
"""Service account of every model pod."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TenancyArgs:
    """Arguments of the models' namespace.

    Attributes:
        namespace: its name.
        pod_security: Pod Security level that is enforced.
        kubernetes_version: (major, minor) of the cluster.
        pull_secrets: names of pull secrets; they may be made later, pods look them up when they pull.
        kept: leave the namespace behind when the stack forgets it, because a claim in it must live on.
    """

    namespace: str
    pod_security: PodSecurity
    kubernetes_version: tuple[int, int]
    pull_secrets: Sequence[str] = ()
    kept: bool = False


class Tenancy(pulumi.ComponentResource):
    """Children: Namespace ``{name}``, NetworkPolicies ``default-deny`` and ``allow-dns``, ServiceAccount.

    Attributes:
        namespace: name of the namespace.
        service_account: name of the models' service account.
        namespace_object: there when objects can be put into the namespace.
        barrier: there when pods can start: account and policies are in place.
    """

    namespace: str
    service_account: str
    namespace_object: pulumi.Resource
    barrier: pulumi.Resource

    def __init__(self, name: str, args: TenancyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:security:Tenancy", name, None, opts)
        namespace = KubernetesObject(
            name,
            render_namespace(args.namespace, args.pod_security, args.kubernetes_version),
            pulumi.ResourceOptions(parent=self, retain_on_delete=args.kept or None),
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        deny = KubernetesObject(DENY_NAME, render_default_deny(args.namespace), inside)
        dns = KubernetesObject(DNS_NAME, render_dns(args.namespace), inside)
        self.namespace = args.namespace
        self.service_account = SERVICE_ACCOUNT
        self.namespace_object = namespace
        self.barrier = KubernetesObject(
            SERVICE_ACCOUNT,
            render_service_account(SERVICE_ACCOUNT, args.namespace, args.pull_secrets),
            pulumi.ResourceOptions(parent=self, depends_on=[namespace, deny, dns]),
        )
        self.register_outputs({"namespace": args.namespace, "service_account": SERVICE_ACCOUNT})
