"""The PodMonitor finds the loader's port by its name, in the pods that have it."""

from components.loaders.contract import METRICS_PORT_NAME
from components.monitoring import pod_monitor
from components.workload import pod
from stacks.spec.monitoring import Monitoring
from tests.components.loader_samples import transports
from tests.components.model_samples import HTTP, ON_CPU, serve
from tests.components.monitoring.watched_sample import WATCHED

LABELS = {"release": "kube-prometheus-stack"}


def test_it_selects_the_models_pods_and_names_their_port() -> None:
    assert WATCHED.loader is not None
    manifest = pod_monitor.render("qwen", WATCHED.loader, Monitoring(labels=LABELS))
    sidecar = transports()["sidecar"]
    template = pod.render(serve(HTTP), sidecar, ON_CPU, name="qwen", kubernetes_version=(1, 34))
    (container,) = template["spec"]["initContainers"]

    (endpoint,) = manifest["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] == METRICS_PORT_NAME
    assert [port["name"] for port in container["ports"]] == [endpoint["port"]]
    assert manifest["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert manifest["metadata"]["labels"].items() >= LABELS.items()


def test_the_timeout_is_never_longer_than_the_interval() -> None:
    assert WATCHED.loader is not None
    often = Monitoring.model_validate({"scrapeIntervalSeconds": 5})
    (endpoint,) = pod_monitor.render("qwen", WATCHED.loader, often)["spec"]["podMetricsEndpoints"]

    assert (endpoint["interval"], endpoint["scrapeTimeout"]) == ("5s", "5s")
