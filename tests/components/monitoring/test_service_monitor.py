"""What is scraped: the Service's labels, its port's name, and the runtime's path."""

from dataclasses import replace

from components.monitoring import service_monitor
from components.objects import Manifest
from components.workload import manifests
from stacks.spec.model import ExposeCluster
from stacks.spec.monitoring import Monitoring
from tests.components.model_samples import serve
from tests.components.monitoring.watched_sample import WATCHED


def render(monitoring: Monitoring) -> Manifest:
    manifest = service_monitor.render(WATCHED, monitoring)
    assert manifest is not None
    return manifest


def test_it_selects_the_service_and_names_one_of_its_ports() -> None:
    service = manifests.service("qwen", "models", serve(), ExposeCluster(type="cluster"))
    monitor = render(Monitoring())
    wanted: dict[str, str] = monitor["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= service["metadata"]["labels"].items()
    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"]
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}


def test_the_endpoint() -> None:
    assert render(Monitoring())["spec"]["endpoints"] == [
        {"interval": "15s", "path": "/metrics", "port": "http", "scrapeTimeout": "10s"}
    ]


def test_the_timeout_is_never_longer_than_the_interval() -> None:
    monitoring = Monitoring.model_validate({"scrapeIntervalSeconds": 5})
    (endpoint,) = render(monitoring)["spec"]["endpoints"]
    assert (endpoint["interval"], endpoint["scrapeTimeout"]) == ("5s", "5s")


def test_prometheus_finds_it_by_the_stacks_labels() -> None:
    monitor = render(Monitoring(labels={"release": "kube-prometheus-stack"}))
    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_a_server_without_metrics_is_not_scraped() -> None:
    assert service_monitor.render(replace(WATCHED, metrics_path=None), Monitoring()) is None
