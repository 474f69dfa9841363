"""The PrometheusRule of one model."""

from collections.abc import Sequence

from components.monitoring import cluster_alerts, loader_alerts, serving_alerts
from components.monitoring.alert import Alert
from components.monitoring.contract import Watched, WatchedLoader
from components.names import labels
from components.objects import Manifest
from stacks.spec.monitoring import Monitoring


def alerts(watched: Watched) -> tuple[Alert, ...]:
    """Return every alert of one model."""
    return (*serving_alerts.alerts(watched), *cluster_alerts.alerts(watched), *_of_loader(watched))


def _of_loader(watched: Watched) -> tuple[Alert, ...]:
    return () if watched.loader is None else tuple(loader_alerts.alerts(watched.loader))


def groups(watched: Watched, runbook_url: str | None) -> list[Manifest]:
    """Return the rule groups, in the form of a Prometheus rule file."""
    rules = [
        alert.rule(model=watched.name, namespace=watched.namespace, runbook_url=runbook_url)
        for alert in alerts(watched)
    ]
    return [{"name": f"slipway.{watched.namespace}.{watched.name}", "rules": rules}]


def render(watched: Watched, monitoring: Monitoring) -> Manifest:
    """Return the PrometheusRule; Prometheus finds it by the labels the stack gives."""
    return _rules(watched.name, watched.namespace, groups(watched, monitoring.runbook_url), monitoring)


def render_loaders(name: str, loaders: Sequence[WatchedLoader], monitoring: Monitoring) -> Manifest:
    """Return the PrometheusRule of loaders that serve no model themselves, all in one namespace.

    Args:
        name: name of the rule.
        loaders: one per model.
        monitoring: the stack's ``monitoring`` section.
    """
    namespace, url = loaders[0].namespace, monitoring.runbook_url
    rules = [
        alert.rule(model=loader.model, namespace=namespace, runbook_url=url)
        for loader in loaders
        for alert in loader_alerts.alerts(loader)
    ]
    return _rules(name, namespace, [{"name": f"slipway.{namespace}.{name}", "rules": rules}], monitoring)


def _rules(name: str, namespace: str, rule_groups: list[Manifest], monitoring: Monitoring) -> Manifest:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels(name, "monitoring", monitoring.labels),
        },
        "spec": {"groups": rule_groups},
    }
