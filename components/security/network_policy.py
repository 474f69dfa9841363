"""Who may talk to whom (Kubernetes, "Network Policies"); no Pulumi.

Everything is closed first, name resolution is opened for every pod, and each model opens its own ports. A policy acts
per pod, so what a loader may reach the server beside it may reach too. A cluster whose network plugin does not enforce
policies accepts these objects and ignores them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from components.names import labels, selector
from components.objects import Manifest

DENY_NAME: Final = "default-deny"
DNS_NAME: Final = "allow-dns"

_ANY_ADDRESS: Final = "0.0.0.0/0"
_NODE_LOCAL_DNS: Final = "169.254.20.10/32"
"""Address of the DNS cache on every node, which is no pod (Kubernetes, "Using NodeLocal DNSCache")."""

_NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
"""Set on every namespace by the API server since 1.22 (Kubernetes, "Namespaces", "Automatic labelling")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelTraffic:
    """The openings of one model.

    Attributes:
        serving_port: port requests come to.
        client_namespaces: namespaces whose pods may call it.
        source_ranges: networks outside the cluster that may call it through a load balancer; they match only where
            the Service keeps the caller's address (``externalTrafficPolicy: Local``).
        metrics_ports: ports that are scraped; empty = no metrics.
        monitoring_namespace: namespace of the Prometheus that scrapes; None = nobody does.
        loader_ports: TCP ports loading must reach; empty = no way out.
        loader_cidrs: networks they may be reached in; empty = any.
    """

    serving_port: int
    client_namespaces: Sequence[str]
    source_ranges: Sequence[str]
    metrics_ports: Sequence[int]
    monitoring_namespace: str | None
    loader_ports: Sequence[int]
    loader_cidrs: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class LoaderTraffic:
    """The openings of pods that load and serve nothing.

    Attributes:
        ports: TCP ports they must reach; empty = no way out.
        cidrs: networks they may be reached in; empty = any.
        metrics_port: port that is scraped; None = no metrics.
        monitoring_namespace: namespace of the Prometheus that scrapes; None = nobody does.
    """

    ports: Sequence[int]
    cidrs: Sequence[str]
    metrics_port: int | None = None
    monitoring_namespace: str | None = None


def render_default_deny(namespace: str) -> Manifest:
    """Return the policy that closes both directions for every pod of the namespace."""
    return _policy(DENY_NAME, namespace, {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})


def render_dns(namespace: str) -> Manifest:
    """Return the policy that lets every pod resolve names, at the cluster's DNS or the cache on its node."""
    ports = [{"port": 53, "protocol": protocol} for protocol in ("TCP", "UDP")]
    to: list[Manifest] = [_from_namespace("kube-system"), {"ipBlock": {"cidr": _NODE_LOCAL_DNS}}]
    spec: Manifest = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": to, "ports": ports}]}
    return _policy(DNS_NAME, namespace, spec)


def render_model(name: str, namespace: str, traffic: ModelTraffic) -> Manifest:
    """Return the policy of one model.

    Pods of the same namespace may call the model, a router or a smoke test beside it for instance; they are closed
    themselves and need a way out of their own first.
    """
    spec: Manifest = {
        "podSelector": {"matchLabels": selector(name)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": _ingress(traffic),
    }
    if traffic.loader_ports:  # the API server drops an empty list, and a refresh would show that as a change
        spec["egress"] = _egress(traffic.loader_ports, traffic.loader_cidrs)
    return _policy(name, namespace, spec)


def render_loader(name: str, namespace: str, pods: Mapping[str, str], traffic: LoaderTraffic) -> Manifest:
    """Return the policy of pods that only load.

    Args:
        name: name of the policy.
        namespace: its namespace.
        pods: labels of the pods.
        traffic: their openings.
    """
    spec: Manifest = {"podSelector": {"matchLabels": dict(pods)}, "policyTypes": ["Ingress", "Egress"]}
    if traffic.ports:
        spec["egress"] = _egress(traffic.ports, traffic.cidrs)
    if traffic.metrics_port is not None and traffic.monitoring_namespace is not None:
        scraper = [_from_namespace(traffic.monitoring_namespace)]
        spec["ingress"] = [{"from": scraper, "ports": [_tcp(traffic.metrics_port)]}]
    return _policy(name, namespace, spec)


def _ingress(traffic: ModelTraffic) -> list[Manifest]:
    callers: list[Manifest] = [
        {"podSelector": {}},
        *(_from_namespace(client) for client in sorted(set(traffic.client_namespaces))),
        *({"ipBlock": {"cidr": cidr}} for cidr in sorted(set(traffic.source_ranges))),
    ]
    rules: list[Manifest] = [{"from": callers, "ports": [_tcp(traffic.serving_port)]}]
    if traffic.metrics_ports and traffic.monitoring_namespace is not None:
        scraper = [_from_namespace(traffic.monitoring_namespace)]
        rules.append({"from": scraper, "ports": [_tcp(port) for port in sorted(set(traffic.metrics_ports))]})
    return rules


def _egress(ports: Sequence[int], cidrs: Sequence[str]) -> list[Manifest]:
    to = [{"ipBlock": {"cidr": cidr}} for cidr in sorted(set(cidrs)) or [_ANY_ADDRESS]]
    return [{"to": to, "ports": [_tcp(port) for port in sorted(set(ports))]}]


def _tcp(port: int) -> Manifest:
    return {"port": port, "protocol": "TCP"}


def _from_namespace(name: str) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE_LABEL: name}}}


def _policy(name: str, namespace: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "labels": labels(name, "network")},
        "spec": spec,
    }
