"""``watch``: one model beside its server. The first version is the pinned one, later ones follow the name.

The order of a hot update: load beside the old version, write down what to go back to, switch the link, tell the
runtime, wait for its proof. Only then may the old version go. If the runtime refuses, or cannot be reached, the link
goes back. Whatever a look fails with, the old version is served on and the next look comes.
"""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from .adapter import Adapter, Version
from .bring import Model, counted, patiently
from .deadline import Deadline
from .errors import AgentError, RuntimeRefusedError, StoppedError
from .firstload import first_load
from .health import Pulse
from .load import disk_errors
from .metrics import result_of
from .plan import Latest, Tracked
from .setback import Setback
from .watchstate import WatchState, instance, state_path, write_state

SLACK_SECONDS: Final = 60.0
"""What a step may take beyond its own deadline before the process counts as stuck."""

PAUSES_SECONDS: Final = (1.0, 30.0)
"""First and longest pause between two tries to tell a runtime that is not there yet."""

AGAIN_SECONDS: Final = 120.0
"""Most time of one such try: looks go on in between, and a new version may help a server that cannot start. An update
gives the runtime as long as a load may take."""

_RANDOM: Final = random.SystemRandom()


class Watch:
    """Follows one name for one runtime.

    Args:
        model: what is loaded.
        tracked: the name; None if the reference names nothing that moves, which is served for ever.
        adapter: tells the runtime.
        stopping: ends everything.
        pulse: told how long each step may take.
    """

    def __init__(
        self, model: Model, tracked: Tracked | None, adapter: Adapter, stopping: Deadline, pulse: Pulse
    ) -> None:
        self._model = model
        self._tracked = tracked
        self._adapter = adapter
        self._stopping = stopping
        self._pulse = pulse
        self._log = model.log
        self._token = ""
        self._current = ""
        self._previous = ""
        self._served = ""
        self._setback: Setback | None = None
        self._confirm_at = 0.0
        self._confirm_failures = 0
        self.is_ready = False

    def problem(self) -> str:
        """Return why there is nothing to serve; empty if there is."""
        return "" if self.is_ready else "the first version is not loaded yet"

    def run(self, interval_seconds: float, after: Callable[[], None]) -> None:
        """Load the first version, then watch until told to stop.

        Args:
            interval_seconds: pause between two looks.
            after: called after every turn.

        Raises:
            AgentError: the first version cannot be had, or ``StoppedError``.
        """
        self._first()
        after()
        look_at = self._next(interval_seconds)
        while True:
            if self._served != self._current and time.monotonic() >= self._confirm_at:
                self._guarded(self._confirm, AGAIN_SECONDS)
            if time.monotonic() >= look_at:
                self._guarded(self._look, 2 * self._model.load.deadline_seconds)
                look_at = self._next(interval_seconds)
            after()
            wake_at = look_at if self._served == self._current else min(look_at, self._confirm_at)
            self._pulse.expect(interval_seconds + SLACK_SECONDS)
            self._stopping.sleep(max(0.0, wake_at - time.monotonic()))

    @staticmethod
    def _next(interval_seconds: float) -> float:
        """Return when to look again: pods that were started together must not ask together for ever."""
        return time.monotonic() + interval_seconds * _RANDOM.uniform(0.9, 1.1)

    def _first(self) -> None:
        seconds = self._model.load.deadline_seconds
        self._pulse.expect(seconds + SLACK_SECONDS)
        root = self._stopping.child(seconds)

        def attempt(deadline: Deadline) -> None:
            with counted(self._model.metrics):
                done = first_load(self._model, self._tracked, deadline)
                self._adapter.prepare(self._version(done.key))
            self._current, self._previous = done.key, done.previous
            self._model.metrics.attempt(done.outcome.result, done.outcome.seconds)
            self._model.metrics.desires(self._model.shown(done.reference))
            self._log.info(
                "ready",
                result=done.outcome.result,
                reference=done.reference,
                adopted=done.adopted,
                moved_bytes=done.outcome.moved_bytes,
                seconds=round(done.outcome.seconds, 3),
            )

        patiently("first load", attempt, root, self._log)
        self._write_state()
        self.is_ready = True

    def _guarded(self, step: Callable[[], None], seconds: float) -> None:
        self._pulse.expect(seconds + SLACK_SECONDS)
        try:
            step()
        except Exception as error:  # noqa: BLE001  # whatever a look fails with, the old version is served on
            if isinstance(error, StoppedError):
                self._stopping.check()
            self._model.metrics.attempt(result_of(error))
            self._log.failure("attempt-failed", error=type(error).__name__, why=str(error), serving=self._served)

    def _look(self) -> None:
        if self._tracked is None:
            self._retire_unused(self._stopping.child(self._model.load.deadline_seconds))
            return
        deadline = self._stopping.child(self._model.load.deadline_seconds)
        # After going back, the runtime must have proven the old version before the failed one is tried again.
        again = self._setback is not None and self._setback.is_over() and self._served == self._current
        latest = self._tracked.latest("" if again else self._token, deadline)
        if latest is not None:
            self._model.metrics.desires(self._model.shown(latest.reference))
            key = latest.source.key
            if self._setback is not None and (self._setback.key != key or key == self._current):
                self._setback = None
            if key != self._current and (again or self._setback is None):
                self._update(latest, deadline)
                return
            if key == self._current:
                self._tidy(deadline)
            self._token = latest.token
        self._model.metrics.attempt("unchanged")
        self._log.step("looked", result="unchanged")
        self._retire_unused(deadline)

    def _tidy(self, deadline: Deadline) -> None:
        """Remove what is left of an update that nobody wants any more."""
        with suppress(OSError):  # it only takes room
            self._model.store(deadline).clean_leftovers("")

    def _update(self, latest: Latest, deadline: Deadline) -> None:
        key = latest.source.key
        started = time.monotonic()
        store = self._model.store(deadline)
        try:
            outcome = self._model.loading(latest.source, latest.reference, store, deadline).bring(switch=False)
        except AgentError as error:
            self._token = latest.token
            self._setback = Setback.after(self._setback, key, passing=error.retriable)
            raise
        self._token = latest.token
        before, proven = (self._served or self._current), bool(self._served)
        with disk_errors(), store.lock(key):
            self._previous = before
            self._write_state()
            store.switch(key)
            self._current, self._served = key, ""
        self._confirm_failures = 0
        self._confirm(first_time=True, proven=proven)
        self._model.metrics.attempt("ok", time.monotonic() - started)
        self._log.info(
            "updated", reference=latest.reference, moved_bytes=outcome.moved_bytes, seconds=time.monotonic() - started
        )

    def _confirm(self, *, first_time: bool = False, proven: bool = False) -> None:
        """Tell the runtime what is current, and note that it serves it."""
        seconds = self._model.load.deadline_seconds
        deadline = self._stopping.child(seconds if first_time else min(seconds, AGAIN_SECONDS))
        key, previous = self._current, self._previous
        try:
            self._adapter.apply(self._version(key), self._version(previous) if previous else None, deadline)
        except AgentError as error:
            self._stopping.check()
            if previous and (proven or isinstance(error, RuntimeRefusedError)):
                self._go_back(error)
                raise
            self._confirm_failures += 1
            first, longest = PAUSES_SECONDS
            pause = _RANDOM.uniform(0.5, 1.0) * min(longest, first * 2.0 ** min(self._confirm_failures, 10))
            self._confirm_at = time.monotonic() + pause
            self._log.warning("not-confirmed", key=key, why=str(error), paused_seconds=round(pause, 1))
            if first_time or isinstance(error, RuntimeRefusedError):
                raise
            return
        self._log.step("applied", key=key)
        self._served, self._previous, self._confirm_failures = key, "", 0
        self._write_state()
        self._model.metrics.serves(self._model.shown(self._model.store(deadline).reference(key)))
        self._log.info("serving", key=key)
        self._retire_unused(deadline)

    def _go_back(self, error: AgentError) -> None:
        bad, good = self._current, self._previous
        deadline = self._stopping.child(self._model.load.deadline_seconds)
        store = self._model.store(deadline)
        with disk_errors(), store.lock(good):
            store.switch(good)
        self._current, self._previous, self._served = good, "", ""
        self._confirm_at, self._confirm_failures = 0.0, 0
        self._setback = Setback.after(self._setback, bad, passing=False)
        self._write_state()
        self._log.warning("went-back", refused=bad, serving=good, why=str(error))

    def _retire_unused(self, deadline: Deadline) -> None:
        if self._served != self._current:
            return
        load = self._model.load
        try:
            with disk_errors():
                self._model.store(deadline).prune(
                    load.keep_previous,
                    load.keep_seconds,
                    lambda key: self._adapter.retire(self._version(key), deadline),
                )
        except AgentError as error:  # the version stays, and is tried again at the next look
            self._stopping.check()
            self._log.warning("not-retired", why=str(error))

    def _version(self, key: str) -> Version:
        store = self._model.store(self._stopping)
        return Version(key=key, path=store.path(key), link=store.link)

    def _write_state(self) -> None:
        load = self._model.load
        state = WatchState(instance=instance(), reference=self._model.source.reference, previous=self._previous)
        with disk_errors():
            write_state(state_path(load.into, load.link), state)
        self._log.step("state-written", previous=self._previous)
