"""The ServiceMonitor of one model (Prometheus operator, "Troubleshooting" and ServiceMonitor API, v0.93)."""

from typing import Final

from components.monitoring.contract import Watched
from components.names import labels, selector
from components.objects import Manifest
from components.workload.pod import COMPONENT
from stacks.spec.monitoring import Monitoring

_TIMEOUT_SECONDS: Final = 10
_SAMPLE_LIMIT: Final = 20_000
"""Series one pod may show; a server with a metric per user must not fill Prometheus. vLLM shows under 2000."""


def render(watched: Watched, monitoring: Monitoring) -> Manifest | None:
    """Return the monitor; None for a server without metrics.

    It selects the *Service's* labels and names the Service's port: a selector of pod labels finds nothing.
    """
    if watched.metrics_path is None:
        return None
    interval = monitoring.scrape_interval_seconds
    endpoint = {
        "interval": f"{interval}s",
        "path": watched.metrics_path,
        "port": watched.port_name,
        # Prometheus refuses a timeout longer than the interval.
        "scrapeTimeout": f"{min(_TIMEOUT_SECONDS, interval)}s",
    }
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {
            "name": watched.name,
            "namespace": watched.namespace,
            "labels": labels(watched.name, "monitoring", monitoring.labels),
        },
        "spec": {
            "endpoints": [endpoint],
            "sampleLimit": _SAMPLE_LIMIT,
            "selector": {"matchLabels": {**selector(watched.name), "app.kubernetes.io/component": COMPONENT}},
        },
    }
