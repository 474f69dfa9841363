"""Who may talk to whom, as data."""

from dataclasses import replace

from components.names import selector
from components.security.network_policy import ModelTraffic, render_default_deny, render_dns, render_model

CLOSED = ModelTraffic(
    serving_port=8000,
    client_namespaces=(),
    source_ranges=(),
    metrics_ports=(),
    monitoring_namespace=None,
    loader_ports=(),
    loader_cidrs=(),
)
SAME_NAMESPACE: dict[str, object] = {"podSelector": {}}


def namespace(name: str) -> dict[str, object]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def test_everything_is_closed_first() -> None:
    policy = render_default_deny("models")
    assert policy["apiVersion"] == "networking.k8s.io/v1"
    assert policy["metadata"]["namespace"] == "models"
    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_every_pod_may_resolve_names() -> None:
    assert render_dns("models")["spec"] == {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [namespace("kube-system"), {"ipBlock": {"cidr": "169.254.20.10/32"}}],
                "ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
            }
        ],
    }


def test_model_without_openings_is_reached_from_its_own_namespace_only() -> None:
    spec = render_model("qwen", "models", CLOSED)["spec"]
    assert spec == {
        "podSelector": {"matchLabels": selector("qwen")},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [SAME_NAMESPACE], "ports": [{"port": 8000, "protocol": "TCP"}]}],
    }


def test_callers_are_listed_once_and_in_order() -> None:
    traffic = replace(CLOSED, client_namespaces=("web", "gateway", "web"), source_ranges=("10.0.0.0/8",))
    [rule] = render_model("qwen", "models", traffic)["spec"]["ingress"]
    assert rule["from"] == [
        SAME_NAMESPACE,
        namespace("gateway"),
        namespace("web"),
        {"ipBlock": {"cidr": "10.0.0.0/8"}},
    ]


def test_prometheus_reaches_the_metrics_port_only() -> None:
    traffic = replace(CLOSED, metrics_ports=(9100,), monitoring_namespace="monitoring")
    rules = render_model("qwen", "models", traffic)["spec"]["ingress"]
    assert rules[1:] == [{"from": [namespace("monitoring")], "ports": [{"port": 9100, "protocol": "TCP"}]}]
    assert rules[0]["ports"] == [{"port": 8000, "protocol": "TCP"}]


def test_metrics_stay_closed_without_monitoring() -> None:
    for traffic in (replace(CLOSED, metrics_ports=(9100,)), replace(CLOSED, monitoring_namespace="monitoring")):
        assert len(render_model("qwen", "models", traffic)["spec"]["ingress"]) == 1


def test_loader_reaches_its_ports_anywhere_or_in_the_networks_given() -> None:
    anywhere = render_model("qwen", "models", replace(CLOSED, loader_ports=(5000, 443, 443)))["spec"]["egress"]
    ports = [{"port": 443, "protocol": "TCP"}, {"port": 5000, "protocol": "TCP"}]
    assert anywhere == [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": ports}]
    traffic = replace(CLOSED, loader_ports=(443,), loader_cidrs=("10.1.0.0/16", "10.0.0.0/16"))
    [inside] = render_model("qwen", "models", traffic)["spec"]["egress"]
    assert inside["to"] == [{"ipBlock": {"cidr": "10.0.0.0/16"}}, {"ipBlock": {"cidr": "10.1.0.0/16"}}]
