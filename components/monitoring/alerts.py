"""The PrometheusRule of one model."""

from components.monitoring import cluster_alerts, serving_alerts
from components.monitoring.alert import Alert
from components.monitoring.contract import Watched
from components.names import labels
from components.objects import Manifest
from stacks.spec.monitoring import Monitoring


def alerts(watched: Watched) -> tuple[Alert, ...]:
    """Return every alert of one model."""
    return (*serving_alerts.alerts(watched), *cluster_alerts.alerts(watched))


def groups(watched: Watched, runbook_url: str | None) -> list[Manifest]:
    """Return the rule groups, in the form of a Prometheus rule file."""
    rules = [
        alert.rule(model=watched.name, namespace=watched.namespace, runbook_url=runbook_url)
        for alert in alerts(watched)
    ]
    return [{"name": f"slipway.{watched.namespace}.{watched.name}", "rules": rules}]


def render(watched: Watched, monitoring: Monitoring) -> Manifest:
    """Return the PrometheusRule; Prometheus finds it by the labels the stack gives."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": watched.name,
            "namespace": watched.namespace,
            "labels": labels(watched.name, "monitoring", monitoring.labels),
        },
        "spec": {"groups": groups(watched, monitoring.runbook_url)},
    }
