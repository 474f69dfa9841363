"""One watched model for the tests of this folder: vLLM, 2 to 6 pods, ten minutes to start."""

from typing import Final

from components.monitoring.contract import Watched, WatchedLoader

WATCHED: Final = Watched(
    name="qwen",
    namespace="models",
    port_name="http",
    metrics_path="/metrics",
    startup_seconds=600,
    min_pods=2,
    max_pods=6,
    queue_metric="vllm:num_requests_waiting",
    waiting_per_pod=5,
    cache_metric="vllm:kv_cache_usage_perc",
    queue_scaled=True,
    loader=WatchedLoader(
        model="qwen", namespace="models", port_name="loader-metrics", pause_seconds=60, budget_seconds=600
    ),
    cron_job="qwen-sync",
)
