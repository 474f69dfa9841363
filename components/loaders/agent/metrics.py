"""What a loader tells about itself: names ``model_loader_…``, every series there from the start."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from .errors import (
    AgentError,
    AuthError,
    CertificateError,
    DeadlineError,
    DigestError,
    DiskError,
    LockError,
    NetworkError,
    NotFoundError,
    SignatureError,
)
from .exposition import Family, Sample, number, render

Result = Literal["ok", "unchanged", "network", "auth", "digest", "signature", "disk", "lock"]

RESULTS: Final[tuple[Result, ...]] = ("ok", "unchanged", "network", "auth", "digest", "signature", "disk", "lock")
"""Every value of the label ``result``."""

BUCKETS_SECONDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0)
"""Upper bounds of the histogram of durations: an adapter takes seconds, a large model an hour."""

_PREFIX: Final = "model_loader"
_LABELS: Final[tuple[tuple[type[AgentError], Result], ...]] = (
    (NetworkError, "network"),
    (NotFoundError, "network"),
    (DeadlineError, "network"),
    (CertificateError, "network"),
    (AuthError, "auth"),
    (DigestError, "digest"),
    (SignatureError, "signature"),
    (DiskError, "disk"),
    (LockError, "lock"),
)


def result_of(error: Exception) -> Result:
    """Return the label of a failure.

    ``network`` stands for a source that could not be asked or lacks what was asked for, ``digest`` also for content
    that is refused for another reason (unsafe, unknown, not taken by the runtime) and for faults of the agent itself.
    """
    for kind, label in _LABELS:
        if isinstance(error, kind):
            return label
    return "digest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A version as metrics show it.

    Attributes:
        digest: what pins it.
        version: what people call it, a tag for instance; may be empty.
        source: kind of source.
    """

    digest: str
    version: str
    source: str


class Metrics:
    """The numbers of one model. Every method may be called from any thread.

    Args:
        model: value of the label ``model``.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self._lock = threading.Lock()
        self._attempts: dict[str, int] = dict.fromkeys(RESULTS, 0)
        self._last_success_seconds = 0.0
        self._last_attempt_seconds = 0.0
        self._bytes = 0
        self._buckets = [0] * len(BUCKETS_SECONDS)
        self._count = 0
        self._sum_seconds = 0.0
        self._served: Shown | None = None
        self._desired: Shown | None = None
        self._staging_bytes: Callable[[], int] = _nothing
        self._expiry: Callable[[], float | None] = _unknown

    def measure(self, staging_bytes: Callable[[], int], expiry: Callable[[], float | None]) -> None:
        """Say where the numbers come from that are read when they are asked for."""
        self._staging_bytes, self._expiry = staging_bytes, expiry

    @property
    def attempts(self) -> int:
        """How many attempts were counted, whatever their result."""
        with self._lock:
            return sum(self._attempts.values())

    def begin_at(self, name: str, result: str, value: float) -> None:
        """Take over what an earlier run had counted."""
        with self._lock:
            if name == "attempts_total" and result in self._attempts:
                self._attempts[result] = int(value)
            elif name == "bytes_total":
                self._bytes = int(value)
            elif name == "last_success_timestamp_seconds":
                self._last_success_seconds = value

    def attempt(self, result: Result, seconds: float = 0.0) -> None:
        """Count the end of a look or a load; the time it took counts if something was loaded."""
        now = time.time()
        with self._lock:
            self._attempts[result] += 1
            self._last_attempt_seconds = now
            if result in {"ok", "unchanged"}:
                self._last_success_seconds = now
            if result == "ok":
                self._count += 1
                self._sum_seconds += seconds
                for index, bound in enumerate(BUCKETS_SECONDS):
                    self._buckets[index] += seconds <= bound

    def add_bytes(self, count: int) -> None:
        """Count what came over the network, while it comes."""
        with self._lock:
            self._bytes += count

    def serves(self, shown: Shown | None) -> None:
        """Say what is served: current, and taken by the runtime where there is one to tell."""
        with self._lock:
            self._served = shown

    def desires(self, shown: Shown) -> None:
        """Say what should be served."""
        with self._lock:
            self._desired = shown

    def families(self) -> list[Family]:
        """Return everything as it is now."""
        staging_bytes, expiry = self._staging_bytes(), self._expiry()
        with self._lock:
            return [
                self._gauge(
                    "last_success_timestamp_seconds", "Last look or load that succeeded.", self._last_success_seconds
                ),
                self._gauge("last_attempt_timestamp_seconds", "Last look or load.", self._last_attempt_seconds),
                self._family(
                    "attempts_total",
                    "counter",
                    "Looks and loads by their result.",
                    [({"result": result}, count) for result, count in self._attempts.items()],
                ),
                self._family("bytes_total", "counter", "Bytes moved over the network.", [({}, self._bytes)]),
                self._durations(),
                self._info("served_info", "The version that is served.", self._served, whole=True),
                self._info("desired_info", "The version that should be served.", self._desired, whole=False),
                self._gauge("staging_bytes", "Bytes of versions that are not whole yet.", staging_bytes),
                self._gauge("credential_expiry_timestamp_seconds", "End of the credentials, if known.", expiry),
            ]

    def _family(
        self,
        name: str,
        kind: Literal["counter", "gauge"],
        text: str,
        series: Iterable[tuple[Mapping[str, str], float]],
    ) -> Family:
        samples = tuple(Sample(value=value, labels={"model": self.model, **labels}) for labels, value in series)
        return Family(name=f"{_PREFIX}_{name}", kind=kind, help=text, samples=samples)

    def _gauge(self, name: str, text: str, value: float | None) -> Family:
        return self._family(name, "gauge", text, [] if value is None else [({}, value)])

    def _info(self, name: str, text: str, shown: Shown | None, *, whole: bool) -> Family:
        if shown is None:
            return self._gauge(name, text, None)
        more = {"version": shown.version, "source": shown.source} if whole else {}
        return self._family(name, "gauge", text, [({"digest": shown.digest, **more}, 1)])

    def _durations(self) -> Family:
        labels = {"model": self.model}
        counts = [*zip(BUCKETS_SECONDS, self._buckets, strict=True), (float("inf"), self._count)]
        samples = [_bucket(labels, bound, count) for bound, count in counts]
        samples.append(Sample(value=self._sum_seconds, labels=labels, suffix="_sum"))
        samples.append(Sample(value=self._count, labels=labels, suffix="_count"))
        text = "Time of loads that moved something."
        return Family(name=f"{_PREFIX}_duration_seconds", kind="histogram", help=text, samples=tuple(samples))


def _bucket(labels: Mapping[str, str], bound: float, count: int) -> Sample:
    return Sample(value=count, labels={**labels, "le": number(bound)}, suffix="_bucket")


def _nothing() -> int:
    return 0


def _unknown() -> float | None:
    return None


def exposition(several: Iterable[Metrics]) -> str:
    """Return the text for the models of one process: each family once, with the series of all."""
    merged: dict[str, Family] = {}
    for metrics in several:
        for family in metrics.families():
            before = merged[family.name].samples if family.name in merged else ()
            merged[family.name] = replace(family, samples=(*before, *family.samples))
    return render(merged.values())
