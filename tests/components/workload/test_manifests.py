"""Deployment, Service and PodDisruptionBudget fit together."""

from components.names import selector
from components.objects import Manifest
from components.workload import manifests, pod
from components.workload.rollout import times
from stacks.spec.model import ExposeCluster, ExposeLoadBalancer
from tests.components.model_samples import ON_CARDS, load, serve

CLUSTER = ExposeCluster(type="cluster")
OPEN = ExposeLoadBalancer.model_validate({"type": "loadBalancer", "sourceRanges": ("203.0.113.0/24", "10.0.0.0/8")})


def deployment() -> Manifest:
    server = serve()
    template = pod.render(server, load(), ON_CARDS, name="qwen", kubernetes_version=(1, 34))
    budget = times(server, load_seconds=300, max_pods=3)
    return manifests.deployment("qwen", "models", template, replicas=2, chosen="surge", budget=budget)


def test_the_deployment() -> None:
    manifest = deployment()
    spec = manifest["spec"]
    assert (spec["replicas"], spec["minReadySeconds"], spec["revisionHistoryLimit"]) == (2, 10, 5)
    assert spec["progressDeadlineSeconds"] == 915 + 300 + 60 + 60
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert (manifest["metadata"]["name"], manifest["metadata"]["namespace"]) == ("qwen", "models")


def test_all_three_select_the_pods() -> None:
    labels: dict[str, str] = deployment()["spec"]["template"]["metadata"]["labels"]
    guard = manifests.disruption_budget("qwen", "models", max_pods=2)
    assert guard is not None
    for chosen in (
        deployment()["spec"]["selector"]["matchLabels"],
        manifests.service("qwen", "models", serve(), CLUSTER)["spec"]["selector"],
        guard["spec"]["selector"]["matchLabels"],
    ):
        assert chosen == selector("qwen")
        assert chosen.items() <= labels.items()


def test_the_service_offers_the_containers_ports_by_name() -> None:
    (container,) = deployment()["spec"]["template"]["spec"]["containers"]
    spec = manifests.service("qwen", "models", serve(), CLUSTER)["spec"]
    assert spec["type"] == "ClusterIP"
    assert spec["ports"] == [{"name": "http", "port": 8000, "protocol": "TCP", "targetPort": "http"}]
    assert {port["targetPort"] for port in spec["ports"]} <= {port["name"] for port in container["ports"]}


def test_a_load_balancer_is_open_to_the_named_networks_only() -> None:
    spec = manifests.service("qwen", "models", serve(), OPEN)["spec"]
    assert spec["type"] == "LoadBalancer"
    assert spec["loadBalancerSourceRanges"] == ["10.0.0.0/8", "203.0.113.0/24"]


def test_evictions_take_one_pod_at_a_time() -> None:
    guard = manifests.disruption_budget("qwen", "models", max_pods=2)
    assert guard is not None
    assert (guard["spec"]["maxUnavailable"], guard["spec"]["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_a_model_of_one_pod_has_no_budget_that_could_block_a_drain() -> None:
    assert manifests.disruption_budget("qwen", "models", max_pods=1) is None
