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
BY_LOADER: Final = 'namespace="models",pod="qwen-6c9f7d5b8-aaaaa",model="qwen"'
TRIES: Final = "model_loader_attempts_total"
LAST_TRY: Final = f"model_loader_last_attempt_timestamp_seconds{{{BY_LOADER}}}"
WANTED: Final = f'model_loader_desired_info{{{BY_LOADER},digest="sha256:'
SERVED: Final = f'model_loader_served_info{{{BY_LOADER},version="1",source="modelkit",digest="sha256:'
EXPIRY: Final = f"model_loader_credential_expiry_timestamp_seconds{{{BY_LOADER}}}"
SYNC: Final = '{namespace="models",cronjob="qwen-sync"}'
SCHEDULED: Final = f"kube_cronjob_status_last_schedule_time{SYNC}"
SYNCED: Final = f"kube_cronjob_status_last_successful_time{SYNC}"
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
    f'{TRIES}{{{BY_LOADER},result="ok"}}': "1+0x90",
    f'{TRIES}{{{BY_LOADER},result="unchanged"}}': "0+1x90",
    f'{TRIES}{{{BY_LOADER},result="network"}}': "0 0 1 1 1 2+0x90",  # passed again
    f'{TRIES}{{{BY_LOADER},result="signature"}}': "0+0x90",
    LAST_TRY: "0+60x90",
    f'{WANTED}aa"}}': "1+0x90",
    f'{SERVED}aa"}}': "1+0x90",
    EXPIRY: "900000+0x90",
    SCHEDULED: "0+60x90",
    SYNCED: "20+60x90",
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
    [
        WATCHED,
        replace(
            WATCHED,
            metrics_path=None,
            queue_metric=None,
            cache_metric=None,
            queue_scaled=False,
            loader=None,
            cron_job=None,
        ),
    ],
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
    "the loader's registry is away": (
        {
            **without("result="),
            f'{TRIES}{{{BY_LOADER},result="unchanged"}}': "4+0x90",
            f'{TRIES}{{{BY_LOADER},result="network"}}': "0+1x90",
        },
        30,
        ("ModelLoaderFailing",),
    ),
    "the loader's registry answers now and then": (
        {
            **without("result="),
            f'{TRIES}{{{BY_LOADER},result="unchanged"}}': "0 0 0 0 0 1 1 1 1 1 2 2 2 2 2 3 3 3 3 3 4 4 4 4 4 5 5 5 5 5",
            f'{TRIES}{{{BY_LOADER},result="network"}}': "0+1x90",
        },
        29,
        (),
    ),
    "the loader hangs": ({**CALM, LAST_TRY: "60+0x90"}, 26, ("ModelLoaderStale",)),
    "the loader has just been silent for as long as a load may take": ({**CALM, LAST_TRY: "60+0x90"}, 24, ()),
    "the loader has not finished its first load": ({**CALM, LAST_TRY: "0+0x90"}, 60, ()),
    "a version is loaded": (
        {**CALM, f'{WANTED}aa"}}': "1 1 stale", f'{WANTED}bb"}}': "_ _ 1+0x90"},
        20,
        (),
    ),
    "the server refused a version": (
        {**CALM, f'{WANTED}aa"}}': "1 1 stale", f'{WANTED}bb"}}': "_ _ 1+0x90"},
        23,
        ("ModelVersionNotServed",),
    ),
    "a version nobody signed": (
        {**CALM, f'{TRIES}{{{BY_LOADER},result="signature"}}': "0 0 0 0 1+0x90"},
        6,
        ("ModelSignatureRefused",),
    ),
    "the credentials end": ({**CALM, EXPIRY: "600000+0x90"}, 11, ("ModelLoaderCredentialsExpire",)),
    "the sync fails": ({**CALM, SYNCED: "20+0x90"}, 22, ("ModelSyncFailing",)),
    "the sync never succeeded": (without("last_successful"), 22, ("ModelSyncFailing",)),
    "the sync takes long": ({**CALM, SYNCED: "20 20 20 20 20 20 20 20 20 20 20 20 720+60x90"}, 15, ()),
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
