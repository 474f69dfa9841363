"""The component registers the monitor and the rules."""

import pulumi

from components.monitoring.contract import WatchedLoader
from components.monitoring.model_monitoring import ModelMonitoring, ModelMonitoringArgs
from components.objects import KubernetesObject
from components.runtimes.contract import Server
from components.workload.contract import Endpoint
from stacks.spec.monitoring import Monitoring
from tests.components.model_samples import HTTP, serve
from tests.components.monitoring.watched_sample import WATCHED
from tests.mocks import Recorded, deploy


def run(server: Server, loader: WatchedLoader | None = None) -> Recorded:
    def program() -> None:
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "qwen", "namespace": "models"}}
        endpoint = Endpoint(
            name="qwen",
            namespace="models",
            url=pulumi.Output.from_input("http://qwen.models.svc:8000"),
            service="qwen",
            metrics_port_name=server.metrics_port,
            metrics_path=server.metrics_path,
            scale_target=None,
            container="server",
            barrier=KubernetesObject("qwen", manifest, pulumi.ResourceOptions()),
        )
        args = ModelMonitoringArgs(
            endpoint=endpoint,
            server=server,
            min_pods=1,
            max_pods=4,
            waiting_per_pod=None if server.queue is None else server.queue.target,
            queue_scaled=server.queue is not None,
            loader=loader,
            cron_job=None,
            load_seconds=300,
            monitoring=Monitoring(),
        )
        ModelMonitoring("qwen", args)

    return deploy(program)


def kinds(recorded: Recorded) -> list[str]:
    (component,) = (one for one in recorded.resources if one.type == "slipway:monitoring:ModelMonitoring")
    return sorted(one.type for one in recorded.resources if one.parent == component.urn)


def test_a_server_with_metrics_gets_both() -> None:
    assert kinds(run(serve())) == [
        "kubernetes:monitoring.coreos.com/v1:PrometheusRule",
        "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
    ]


def test_a_loader_that_runs_on_is_scraped_in_the_pods() -> None:
    assert WATCHED.loader is not None
    assert "kubernetes:monitoring.coreos.com/v1:PodMonitor" in kinds(run(serve(), WATCHED.loader))


def test_a_server_without_metrics_gets_rules_only() -> None:
    assert kinds(run(serve(HTTP))) == ["kubernetes:monitoring.coreos.com/v1:PrometheusRule"]


def test_the_rules_know_the_servers_budget_and_metrics() -> None:
    (rule,) = (one for one in run(serve()).resources if one.type.endswith("PrometheusRule"))
    found = {entry["alert"]: entry for entry in rule.inputs["spec"]["groups"][0]["rules"]}
    assert found["ModelPodNotReadyLong"]["for"] == "21m"  # 300 seconds to load, 610 to start, and five minutes
    assert found["ModelQueueGrowing"]["expr"].endswith("> 20")  # four pods for five requests each
