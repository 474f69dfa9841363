"""Every alert says who has to act and reads only metrics that exist."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from components.loaders.agent.metrics import RESULTS, Metrics, Shown, exposition
from components.monitoring import alerts
from components.monitoring.alert import Alert
from components.monitoring.contract import Watched
from stacks.spec.monitoring import Monitoring
from tests.components.monitoring.watched_sample import WATCHED

RECORDED = Path(__file__).parents[4] / "shared" / "metrics"
PLAIN: Final = replace(
    WATCHED,
    metrics_path=None,
    queue_metric=None,
    waiting_per_pod=None,
    cache_metric=None,
    queue_scaled=False,
    loader=None,
    cron_job=None,
)
SOURCES: Final = {
    "keda_scaler_detail_errors_total": "KEDA 2.20.2 pkg/metricscollector/prommetrics.go",
    "kube_cronjob_status_last_schedule_time": "kube-state-metrics 2.20 docs/metrics/workload/cronjob-metrics.md",
    "kube_cronjob_status_last_successful_time": "kube-state-metrics 2.20 docs/metrics/workload/cronjob-metrics.md",
    "kube_deployment_spec_replicas": "kube-state-metrics 2.20 docs/metrics/workload/deployment-metrics.md",
    "kube_pod_container_status_last_terminated_reason": "kube-state-metrics 2.20 docs/metrics/workload/pod-metrics.md",
    "kube_pod_container_status_restarts_total": "kube-state-metrics 2.20 docs/metrics/workload/pod-metrics.md",
    "kube_pod_container_status_waiting_reason": "kube-state-metrics 2.20 docs/metrics/workload/pod-metrics.md",
    "kube_pod_init_container_status_waiting_reason": "kube-state-metrics 2.20 docs/metrics/workload/pod-metrics.md",
    "kube_pod_status_ready": "kube-state-metrics 2.20 docs/metrics/workload/pod-metrics.md",
    "model_loader_attempts_total": "components/loaders/agent/metrics.py",
    "model_loader_credential_expiry_timestamp_seconds": "components/loaders/agent/metrics.py",
    "model_loader_desired_info": "components/loaders/agent/metrics.py",
    "model_loader_last_attempt_timestamp_seconds": "components/loaders/agent/metrics.py",
    "model_loader_served_info": "components/loaders/agent/metrics.py",
    "up": "Prometheus itself, one per target",
    "vllm:kv_cache_usage_perc": "vLLM 0.11 to 0.33 v1/metrics/loggers.py",
    "vllm:num_requests_waiting": "vLLM 0.8 to 0.33 v1/metrics/loggers.py",
}
"""Every metric an alert may read, and where it is written that it exists."""


def metrics_of(alert: Alert) -> set[str]:
    """Return the names in front of a matcher; every selector of ours has one."""
    return set(re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{", alert.expression))


def names(watched: Watched) -> list[str]:
    return [alert.name for alert in alerts.alerts(watched)]


def test_every_metric_has_a_source() -> None:
    read = set[str]().union(*(metrics_of(alert) for alert in alerts.alerts(WATCHED)))
    assert read == SOURCES.keys()


@pytest.mark.skipif(not RECORDED.is_dir(), reason="needs the recorded metrics pages, which are not part of this tree")
def test_every_metric_is_on_a_recorded_page() -> None:
    pages = "\n".join(path.read_text() for path in sorted(RECORDED.glob("*.prom")))
    shown = set(re.findall(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)[{ ]", pages, flags=re.MULTILINE))
    assert {name for name in SOURCES if not name.startswith("model_loader_")} - {"up"} <= shown


def test_every_metric_of_the_loader_is_shown_by_the_loader() -> None:
    own = Metrics("qwen")
    own.measure(lambda: 0, lambda: 1.0)
    version = Shown(digest="sha256:ab", version="1.0", source="modelkit")
    own.serves(version)
    own.desires(version)
    page = exposition([own])

    shown = set(re.findall(r"^(\w+)\{", page, flags=re.MULTILINE))
    assert {name for name in SOURCES if name.startswith("model_loader_")} <= shown
    assert all(f'model_loader_attempts_total{{model="qwen",result="{result}"}} 0' in page for result in RESULTS)
    assert {"ok", "unchanged", "signature"} <= set(RESULTS)  # which the alerts name


def test_a_scaled_vllm_has_all_of_them() -> None:
    assert names(WATCHED) == [
        "ModelNoReadyTarget",
        "ModelScrapeFailing",
        "ModelMetricVanished",
        "ModelQueueGrowing",
        "ModelKVCacheSaturated",
        "ModelReplicasAtMax",
        "ModelScalerFailing",
        "ModelSyncFailing",
        "ModelPodNotReadyLong",
        "ModelCrashLooping",
        "ModelOutOfMemory",
        "ModelLoaderFailing",
        "ModelLoaderStale",
        "ModelVersionNotServed",
        "ModelSignatureRefused",
        "ModelLoaderCredentialsExpire",
    ]


def test_a_server_without_metrics_is_watched_through_the_cluster() -> None:
    assert names(replace(PLAIN, max_pods=2)) == ["ModelPodNotReadyLong", "ModelCrashLooping", "ModelOutOfMemory"]


def test_every_rule_says_who_what_and_where_to_read_on() -> None:
    (group,) = alerts.groups(WATCHED, "https://runbooks.example.com/models/")
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert (rule["labels"]["model"], rule["labels"]["namespace"]) == ("qwen", "models")
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["description"].endswith(".")
        assert rule["annotations"]["runbook_url"] == f"https://runbooks.example.com/models/{rule['alert']}"


def test_without_runbooks_there_is_no_link() -> None:
    (group,) = alerts.groups(WATCHED, None)
    assert all("runbook_url" not in rule["annotations"] for rule in group["rules"])


def test_prometheus_finds_the_rule_by_the_stacks_labels() -> None:
    manifest = alerts.render(WATCHED, Monitoring(labels={"release": "kube-prometheus-stack"}))
    assert manifest["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    assert (manifest["metadata"]["name"], manifest["metadata"]["namespace"]) == ("qwen", "models")


def test_loaders_that_serve_nothing_themselves_have_their_own_rule() -> None:
    assert WATCHED.loader is not None
    others = [replace(WATCHED.loader, model=name, namespace="models-node-cache") for name in ("qwen", "bge")]
    manifest = alerts.render_loaders("node-cache-l20", others, Monitoring(labels={"release": "prom"}))

    assert (manifest["metadata"]["name"], manifest["metadata"]["namespace"]) == ("node-cache-l20", "models-node-cache")
    assert manifest["metadata"]["labels"]["release"] == "prom"
    (group,) = manifest["spec"]["groups"]
    assert {rule["labels"]["model"] for rule in group["rules"]} == {"qwen", "bge"}
    assert all('namespace="models-node-cache"' in rule["expr"] for rule in group["rules"])


def test_a_loader_that_looks_seldom_is_given_more_time() -> None:
    assert WATCHED.loader is not None
    seldom = replace(WATCHED, loader=replace(WATCHED.loader, pause_seconds=3600))
    failing, stale = (
        alert for alert in alerts.alerts(seldom) if alert.name in {"ModelLoaderFailing", "ModelLoaderStale"}
    )

    assert "[240m]" in failing.expression
    assert stale.expression.endswith(f"> {4 * 3600 + 600}")


@pytest.mark.parametrize(("min_pods", "hold"), [(1, "10m"), (2, "5m")])
def test_a_single_pod_may_be_away_while_it_starts(min_pods: int, hold: str) -> None:
    (group,) = alerts.groups(replace(WATCHED, min_pods=min_pods), None)
    assert group["rules"][0]["for"] == hold


@pytest.mark.parametrize("pod", ["qwen-6c9f7d5b8-x2x4z", "qwen-7f-abcde"])
def test_the_models_own_pods_are_meant(pod: str) -> None:
    assert pod_pattern().fullmatch(pod)


@pytest.mark.parametrize("pod", ["qwen-large-6c9f7d5b8-x2x4z", "myqwen-6c9f7d5b8-x2x4z", "qwen-0"])
def test_the_pods_of_other_models_are_not_meant(pod: str) -> None:
    assert not pod_pattern().fullmatch(pod)


def pod_pattern() -> re.Pattern[str]:
    """Return the pattern as Prometheus reads it: anchored at both ends."""
    (pattern,) = re.findall(r'pod=~"([^"]+)"', WATCHED.pods)
    return re.compile(pattern)
