"""One alert as plain data, and the rule it becomes."""

from dataclasses import dataclass
from typing import Literal

from components.objects import Manifest

Severity = Literal["critical", "warning"]
"""critical: users are hurt now, wake somebody. warning: somebody looks during the day."""

_MINUTE_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One alert.

    Attributes:
        name: alert name; the runbook has it too.
        expression: PromQL; the alert is on while it has a result.
        minutes: time it must hold before it fires.
        severity: who has to look when.
        summary: one line for the list of alerts.
        description: what it means and where to look first.
    """

    name: str
    expression: str
    minutes: int
    severity: Severity
    summary: str
    description: str

    def rule(self, *, model: str, namespace: str, runbook_url: str | None) -> Manifest:
        """Return the rule; model and namespace are set as labels because ``absent()`` yields none."""
        annotations = {"summary": self.summary, "description": self.description}
        if runbook_url is not None:
            annotations["runbook_url"] = f"{runbook_url.rstrip('/')}/{self.name}"
        return {
            "alert": self.name,
            "expr": self.expression,
            "for": f"{self.minutes}m",
            "labels": {"model": model, "namespace": namespace, "severity": self.severity},
            "annotations": annotations,
        }


def minutes(seconds: int) -> int:
    """Return whole minutes, rounded up."""
    return -(-seconds // _MINUTE_SECONDS)
