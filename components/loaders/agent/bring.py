"""What every load of one model needs, whichever command runs it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from .checks import Checks
from .credentialexpiry import expiry_seconds
from .deadline import Deadline
from .errors import AgentError, DeadlineError, StoppedError
from .load import Load, LoadSettings
from .loadoptions import LoadOptions
from .logs import Log
from .metrics import Metrics, Shown, result_of
from .pins import split_pin, version_name
from .plan import Source
from .sourceoptions import SourceOptions
from .sources import pinned_source
from .store import Store

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One model: where it comes from, where it goes, what is told of it.

    Attributes:
        source: where from.
        checks: makes what it must pass; called for every load, so that a rotated key is used at once.
        load: where to and within which bounds.
        metrics: told about every attempt.
        log: told about everything.
    """

    source: SourceOptions
    checks: Callable[[Deadline], Checks]
    load: LoadOptions
    metrics: Metrics
    log: Log

    def __post_init__(self) -> None:
        """Let the metrics look for themselves."""
        store = self.store(Deadline(0))
        self.metrics.measure(store.staging_bytes, lambda: expiry_seconds(self.source))

    @property
    def is_pinned(self) -> bool:
        """Whether the reference says which version."""
        return bool(split_pin(self.source.reference)[1])

    def store(self, deadline: Deadline) -> Store:
        """Return where its versions are."""
        return Store(self.load.into, self.load.link, deadline, self.log)

    def pinned(self, reference: str, deadline: Deadline) -> Source:
        """Return the source of one version.

        Raises:
            UsageError: the reference cannot be right, or pins nothing.
        """
        return pinned_source(replace(self.source, reference=reference), deadline, self.log)

    def loading(self, source: Source, reference: str, store: Store, deadline: Deadline) -> Load:
        """Return the load of one version.

        Raises:
            UsageError: a key that signatures are checked with cannot be read.
        """
        settings = LoadSettings(
            reference=reference,
            keep_previous=self.load.keep_previous,
            parallel=self.load.parallel,
            max_layer_bytes=self.load.max_layer_bytes,
            keep_seconds=self.load.keep_seconds,
            on_bytes=self.metrics.add_bytes,
        )
        return Load(source, store, deadline, self.log, settings, self.checks(deadline))

    def shown(self, reference: str) -> Shown:
        """Return a version as metrics show it."""
        return Shown(digest=split_pin(reference)[1], version=version_name(reference), source=self.source.kind)


@contextmanager
def counted(metrics: Metrics) -> Generator[None]:
    """Count what fails; what succeeds is counted by whoever knows how."""
    try:
        yield
    except StoppedError:
        raise
    except AgentError as error:
        metrics.attempt(result_of(error))
        raise


def patiently(what: str, action: Callable[[Deadline], _T], deadline: Deadline, log: Log) -> _T:
    """Try again until the deadline while trying may help: a registry that is down comes back without anybody's help.

    Args:
        what: names the action in the log.
        action: gets a deadline of its own, which a failure within it may use up.
        deadline: bounds the whole.
        log: told about every failure.

    Raises:
        AgentError: the failure that cannot be helped, or the last one before the deadline.
    """
    failures = 0
    while True:
        try:
            return action(deadline.child(float("inf")))
        except AgentError as error:
            if not error.retriable:
                raise
            failures += 1
            try:
                pause = deadline.back_off(failures, error)
            except DeadlineError:
                raise error from None
            log.warning("retry", what=what, failures=failures, paused_seconds=round(pause, 3), why=str(error))
