"""A PodMonitor for loaders, whose port is in no Service (Prometheus operator, PodMonitor API, v0.93).

Prometheus finds the ports of init containers like those of others (``discovery/kubernetes/pod.go``, role ``pod``), so
the port of a native sidecar is found by its name. A pod that is not ready is scraped as well: a first load that fails
must be seen.
"""

from typing import Final

from components.monitoring.contract import WatchedLoader
from components.names import labels, selector
from components.objects import Manifest
from stacks.spec.monitoring import Monitoring

_TIMEOUT_SECONDS: Final = 10
_SAMPLE_LIMIT: Final = 5_000
"""Series one pod may show: about 40 for each model, and a node cache has many."""


def render(name: str, loader: WatchedLoader, monitoring: Monitoring) -> Manifest:
    """Return the monitor of the pods whose name label is ``name``; it is called so too."""
    interval = monitoring.scrape_interval_seconds
    endpoint = {
        "interval": f"{interval}s",
        "path": "/metrics",
        "port": loader.port_name,
        # Prometheus refuses a timeout longer than the interval.
        "scrapeTimeout": f"{min(_TIMEOUT_SECONDS, interval)}s",
    }
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {
            "name": name,
            "namespace": loader.namespace,
            "labels": labels(name, "monitoring", monitoring.labels),
        },
        "spec": {
            "podMetricsEndpoints": [endpoint],
            "sampleLimit": _SAMPLE_LIMIT,
            "selector": {"matchLabels": selector(name)},
        },
    }
