"""Alerts on what a loader that runs on shows of itself: it fails, it looks no more, what it brought is not served.

The server goes on with what it has in every one of these, so only content that somebody may have tampered with wakes a
person. The series come from pods and not from a Service, so they carry no label ``service``; the label ``model`` is the
loader's own.
"""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alert import Alert, minutes
from components.monitoring.contract import WatchedLoader

_WINDOW_MINUTES: Final = 15
_WINDOW_LOOKS: Final = 4
"""Looks in a window at least, so that one that is lost says nothing."""

_HOLD_MINUTES: Final = 10
_EXPIRES_SECONDS: Final = 7 * 24 * 3600
_BY: Final = "(namespace, pod, model)"


def alerts(loader: WatchedLoader) -> Iterator[Alert]:
    """Yield the alerts of one model."""
    yield _failing(loader)
    yield _stale(loader)
    yield _not_served(loader)
    yield _signature(loader)
    yield _expiring(loader)


def _failing(loader: WatchedLoader) -> Alert:
    """Failures alone are usual for a moment; failures without one success in between are not."""
    window = f"[{max(_WINDOW_MINUTES, minutes(_WINDOW_LOOKS * loader.pause_seconds))}m]"
    attempts = f"model_loader_attempts_total{{{loader.series},result"
    failed = f'sum by (namespace, pod, model, result) (increase({attempts}!~"ok|unchanged"}}{window})) > 0'
    fine = f'sum by {_BY} (increase({attempts}=~"ok|unchanged"}}{window})) > 0'
    return Alert(
        name="ModelLoaderFailing",
        expression=f"{failed} unless on {_BY} {fine}",
        minutes=_HOLD_MINUTES,
        severity="warning",
        summary=f"The loader of model {loader.model} gets no new version.",
        description="Every try of pod {{ $labels.pod }} ends with {{ $labels.result }}. Look at its loader's log.",
    )


def _stale(loader: WatchedLoader) -> Alert:
    """A look that found a new version ends when that is served, so its budget is not silence."""
    seconds = _WINDOW_LOOKS * loader.pause_seconds + loader.budget_seconds
    last = f"model_loader_last_attempt_timestamp_seconds{{{loader.series}}}"
    return Alert(
        name="ModelLoaderStale",
        expression=f"time() - ({last} > 0) > {seconds}",
        minutes=_HOLD_MINUTES,
        severity="warning",
        summary=f"The loader of model {loader.model} looks for no new version any more.",
        description="The last try of pod {{ $labels.pod }} was {{ $value | humanizeDuration }} ago. It may hang.",
    )


def _not_served(loader: WatchedLoader) -> Alert:
    wanted = f"model_loader_desired_info{{{loader.series}}}"
    served = f"model_loader_served_info{{{loader.series}}}"
    return Alert(
        name="ModelVersionNotServed",
        expression=f"{wanted} unless on (namespace, pod, model, digest) {served}",
        minutes=minutes(loader.budget_seconds) + _HOLD_MINUTES,
        severity="warning",
        summary=f"A pod serves another version of model {loader.model} than it should.",
        description=(
            "Pod {{ $labels.pod }} should serve {{ $labels.digest }} and does not, for longer than loading takes: the "
            "server may have refused it. Look at the logs of loader and server."
        ),
    )


def _signature(loader: WatchedLoader) -> Alert:
    refused = f'model_loader_attempts_total{{{loader.series},result="signature"}}'
    return Alert(
        name="ModelSignatureRefused",
        expression=f"increase({refused}[{_WINDOW_MINUTES}m]) > 0",
        minutes=0,
        severity="critical",
        summary=f"A version of model {loader.model} has no valid signature.",
        description=(
            "Pod {{ $labels.pod }} refused it and serves the old one. Find out who put it there before anything else."
        ),
    )


def _expiring(loader: WatchedLoader) -> Alert:
    expiry = f"model_loader_credential_expiry_timestamp_seconds{{{loader.series}}}"
    return Alert(
        name="ModelLoaderCredentialsExpire",
        expression=f"{expiry} - time() < {_EXPIRES_SECONDS}",
        minutes=_HOLD_MINUTES,
        severity="warning",
        summary=f"The credentials that load model {loader.model} end within a week.",
        description="They end in {{ $value | humanizeDuration }}; then no pod can load. Renew the registry's secret.",
    )
