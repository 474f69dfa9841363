"""Prometheus itself reads the rules, and fires each alert on its own fault and none in a calm hour.

``promtool`` runs them over invented series, one value a minute. It is in the Debian package ``prometheus``.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from components.monitoring import alerts
from components.monitoring.contract import Watched
from tests.components.monitoring.watched_sample import WATCHED

PROMTOOL: Final = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="needs promtool: install the Debian package `prometheus`")

Series = Mapping[str, str]
"""Series by name and labels, values in promtool's notation: start, step, count."""

ONE: Final = 'namespace="models",service="qwen",pod="qwen-6c9f7d5b8-aaaaa"'
TWO: Final = 'namespace="models",service="qwen",pod="qwen-6c9f7d5b8-bbbbb"'
POD: Final = 'namespace="models",pod="qwen-6c9f7d5b8-aaaaa"'
ERRORS: Final = "keda_scaler_detail_errors_total"
RESTARTS: Final = f'kube_pod_container_status_restarts_total{{{POD},container="server"}}'
KILLED: Final = f'kube_pod_container_status_last_terminated_reason{{{POD},container="server",reason="OOMKilled"}}'
READY: Final = f'kube_pod_status_ready{{{POD},condition="true"}}'
REPLICAS: Final = 'kube_deployment_spec_replicas{namespace="models",deployment="qwen"}'
LOOPING: Final = f'{POD},container="load-model",reason="CrashLoopBackOff"'

CALM: Final[Series] = {
    f"up{{{ONE}}}": "1+0x90",
    f"up{{{TWO}}}": "1+0x90",
    f'vllm:num_requests_waiting{{{ONE},model_name="qwen"}}': "4+0x90",
    f'vllm:num_requests_waiting{{{TWO},model_name="qwen"}}': "9+0x90",
    f'vllm:kv_cache_usage_perc{{{ONE},model_name="qwen"}}': "0.8+0x90",
    REPLICAS: "5+0x90",
    READY: "1+0x90",
    RESTARTS: "2+0x90",
    KILLED: "1+0x90",  # long ago: nothing was restarted since
    f'{ERRORS}{{namespace="models",scaledObject="qwen"}}': "7+0x90",
    'kube_pod_status_ready{namespace="models",pod="qwen-large-6c9f7d5b8-aaaaa",condition="true"}': "0+0x90",
    'kube_pod_status_ready{namespace="other",pod="qwen-6c9f7d5b8-aaaaa",condition="true"}': "0+0x90",
    'up{namespace="models",service="qwen-large",pod="qwen-large-6c9f7d5b8-aaaaa"}': "0+0x90",
}


def without(*parts: str) -> Series:
    """Return the calm hour without the series whose names hold one of ``parts``."""
    return {name: values for name, values in CALM.items() if not any(part in name for part in parts)}


def firing(tmp_path: Path, series: Series, minute: int, expected: tuple[str, ...], watched: Watched = WATCHED) -> None:
    """Fail unless exactly ``expected`` fire after ``minute`` minutes."""
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": alerts.groups(watched, None)}))
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'group by (alertname, model, namespace) (ALERTS{alertstate="firing"})',
                "eval_time": f"{minute}m",
                "exp_samples": [
                    {"labels": f'{{alertname="{name}",model="qwen",namespace="models"}}', "value": 1}
                    for name in expected
                ],
            }
        ],
    }
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yaml").write_text(json.dumps(document))
    run(tmp_path, "test", "rules", "test.yaml")


def run(directory: Path, *args: str) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *args], cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize(
    "watched",
    [WATCHED, replace(WATCHED, metrics_path=None, queue_metric=None, cache_metric=None, queue_scaled=False)],
    ids=["vllm", "no-metrics"],
)
def test_prometheus_accepts_the_rules(tmp_path: Path, watched: Watched) -> None:
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": alerts.groups(watched, "https://runbooks.example.com")}))
    run(tmp_path, "check", "rules", "rules.yaml")


@needs_promtool
def test_a_calm_hour_is_silent(tmp_path: Path) -> None:
    firing(tmp_path, CALM, 60, ())


FAULTS: Final[dict[str, tuple[Series, int, tuple[str, ...]]]] = {
    "targets are gone": (without("up{", "vllm:"), 5, ("ModelNoReadyTarget",)),
    "targets have only just gone": (without("up{", "vllm:"), 4, ()),
    "no pod answers": (
        {**without("vllm:"), f"up{{{ONE}}}": "0+0x90", f"up{{{TWO}}}": "0+0x90"},
        15,
        ("ModelNoReadyTarget", "ModelScrapeFailing"),
    ),
    "one pod does not answer": ({**CALM, f"up{{{TWO}}}": "0+0x90"}, 15, ("ModelScrapeFailing",)),
    "one pod still starts": ({**CALM, f"up{{{TWO}}}": "0+0x90"}, 14, ()),
    "the metric was renamed": (without("num_requests_waiting"), 10, ("ModelMetricVanished",)),
    "more wait than all pods should have": (
        {**CALM, f'vllm:num_requests_waiting{{{ONE},model_name="qwen"}}': "22+0x90"},
        10,
        ("ModelQueueGrowing",),
    ),
    "as many wait as all pods may have": (
        {**CALM, f'vllm:num_requests_waiting{{{ONE},model_name="qwen"}}': "21+0x90"},
        60,
        (),
    ),
    "the cache is full": (
        {**CALM, f'vllm:kv_cache_usage_perc{{{ONE},model_name="qwen"}}': "0.96+0x90"},
        10,
        ("ModelKVCacheSaturated",),
    ),
    "at the maximum": ({**CALM, REPLICAS: "6+0x90"}, 30, ("ModelReplicasAtMax",)),
    "KEDA fails": (
        {**CALM, f'{ERRORS}{{namespace="models",scaledObject="qwen"}}': "0+1x90"},
        15,
        ("ModelScalerFailing",),
    ),
    "KEDA fails and its namespace was renamed": (
        {**CALM, f'{ERRORS}{{namespace="keda",exported_namespace="models",scaledObject="qwen"}}': "0+1x90"},
        15,
        ("ModelScalerFailing",),
    ),
    "a pod is never ready": ({**CALM, READY: "0+0x90"}, 15, ("ModelPodNotReadyLong",)),
    "the loader fails with pauses": (
        {**CALM, f"kube_pod_init_container_status_waiting_reason{{{LOOPING}}}": "1 _ _ 1 _ _ 1 _ _ 1 _ _ 1 _ _ 1"},
        15,
        ("ModelCrashLooping",),
    ),
    "a server fails": (
        {**CALM, f"kube_pod_container_status_waiting_reason{{{LOOPING}}}": "1+0x90"},
        11,
        ("ModelCrashLooping",),
    ),
    "out of memory": ({**CALM, RESTARTS: "2 2 2 2 2 3 3 3 3 3"}, 8, ("ModelOutOfMemory",)),
    "restarted for another reason": ({**without("OOMKilled"), RESTARTS: "2 2 2 2 2 3 3 3 3 3"}, 8, ()),
}


@needs_promtool
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_fires_its_own_alert_only(tmp_path: Path, fault: str) -> None:
    series, minute, expected = FAULTS[fault]
    firing(tmp_path, series, minute, expected)


def test_every_alert_has_a_fault() -> None:
    fired = {name for _, _, expected in FAULTS.values() for name in expected}
    assert fired == {alert.name for alert in alerts.alerts(WATCHED)}
