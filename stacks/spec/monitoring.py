"""Section ``monitoring``: scraping and alerts through the Prometheus operator."""

from pydantic import Field

from stacks.spec.base import HTTP_URL, LabelKey, LabelValue, Name, Section


class Monitoring(Section):
    """What makes ServiceMonitors and rules visible to the cluster's Prometheus."""

    namespace: Name = Field(default="monitoring", description="namespace Prometheus scrapes from")
    labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict,
        description="labels your Prometheus selects monitors and rules by, for instance release: kube-prometheus-stack",
    )
    prometheus_url: str | None = Field(
        default=None,
        pattern=HTTP_URL,
        description="address KEDA queries, for instance http://prometheus-operated.monitoring.svc:9090",
    )
    scrape_interval_seconds: int = Field(default=15, ge=5, le=300, description="seconds between two scrapes")
    runbook_url: str | None = Field(
        default=None,
        pattern=HTTP_URL,
        description="base address of your runbooks; each alert appends its name",
    )
