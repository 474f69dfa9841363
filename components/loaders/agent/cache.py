"""``cache``: several models on one node, each in a directory of its own that pods mount read-only."""

import random
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

from .bring import Model
from .cacheoptions import Listed, ListFile
from .deadline import Deadline
from .health import Pulse
from .lease import volume_seconds
from .load import disk_errors
from .logs import Log
from .metrics import Metrics, result_of
from .plan import Tracked
from .sync import sync_or_once
from .tree import DIRECTORY_MODE

AT_ONCE: Final = 2
"""Models loaded at the same time: a slow or broken one does not keep the others waiting, and one disk is enough."""

POLL_SECONDS: Final = 2.0
"""Pause between two looks at the list."""

SLACK_SECONDS: Final = 120.0
"""What a turn of the loop may take, removing a model among it, before the process counts as stuck."""

RETRY_SECONDS: Final = 5.0
"""First pause after a failure; it doubles up to the pause between two looks."""

MARK: Final = ".cached"
"""File in every directory of ours, touched whenever the list named it."""

_OPEN: Final = 0o055
_TRASH: Final = ".trash-"
_RANDOM: Final = random.SystemRandom()


class Kept:
    """One model of the list and how it stands.

    Args:
        listed: as in the list.
        metrics: of this model.
        open_model: makes model and name to follow from the arguments.
    """

    def __init__(
        self, listed: Listed, metrics: Metrics, open_model: Callable[[Listed, Metrics], tuple[Model, Tracked | None]]
    ) -> None:
        self.listed = listed
        self.metrics = metrics
        self._open = open_model
        self._failures = 0
        self.due_at = 0.0
        self.is_busy = False
        self.is_there = False

    def turn(self, interval_seconds: float, stopping: Deadline, log: Log) -> None:
        """Bring it up to date; a failure is told, counted and tried again."""
        counted_before = self.metrics.attempts
        try:
            model, tracked = self._open(self.listed, self.metrics)
            with disk_errors():
                make_public(model.load.into)
                (model.load.into / MARK).touch()
            sync_or_once(model, tracked, stopping.child(model.load.deadline_seconds))
        except Exception as error:  # noqa: BLE001  # one model must not end the service of the others
            if self.metrics.attempts == counted_before:
                self.metrics.attempt(result_of(error))
            self._failures += 1
            pause = min(interval_seconds, RETRY_SECONDS * 2.0 ** min(self._failures - 1, 10))
            log.failure("model-failed", model=self.listed.name, error=type(error).__name__, why=str(error))
        else:
            self._failures, self.is_there, pause = 0, True, interval_seconds
        self.due_at = time.monotonic() + pause * _RANDOM.uniform(0.8, 1.2)
        self.is_busy = False


class Cache:
    """Keeps what a list names.

    Args:
        into: directory of the models' directories.
        models: the list.
        keep_seconds: time the directory of a model stays after it was last listed.
        open_model: makes a model from its arguments.
        stopping: ends everything.
        log: told about everything.
    """

    def __init__(  # each is a part of its own, none a setting
        self,
        into: Path,
        models: ListFile,
        keep_seconds: float,
        open_model: Callable[[Listed, Metrics], tuple[Model, Tracked | None]],
        stopping: Deadline,
        log: Log,
    ) -> None:
        self._into = into
        self._models = models
        self._keep_seconds = keep_seconds
        self._open = open_model
        self._stopping = stopping
        self._log = log
        self._kept: dict[str, Kept] = {}

    def problem(self) -> str:
        """Return which models are not there yet; empty if all are."""
        missing = [kept.listed.name for kept in list(self._kept.values()) if not kept.is_there]
        return f"not there yet: {', '.join(missing)}" if missing else ""

    def metrics(self) -> list[Metrics]:
        """Return the numbers of every listed model."""
        return [kept.metrics for kept in list(self._kept.values())]

    def take(self, listed: Sequence[Listed]) -> None:
        """Go over to another list; what did not change goes on as it was."""
        fresh: dict[str, Kept] = {}
        for one in listed:
            before = self._kept.get(one.name)
            if before is None or before.listed != one:
                metrics = Metrics(one.name) if before is None else before.metrics
                before = Kept(one, metrics, self._open)
                self._log.info("listed", model=one.name)
            fresh[one.name] = before
        self._kept = fresh

    def run(self, interval_seconds: float, pulse: Pulse, after: Callable[[], None]) -> None:
        """Work until told to stop. Models are loaded beside the loop, which never waits for one.

        Args:
            interval_seconds: pause between two looks at a model that is there.
            pulse: told so.
            after: called after every turn.

        Raises:
            AgentError: the list cannot be used from the start, or ``StoppedError``.
        """
        try:
            make_public(self._into)
        except OSError as error:  # each model will say what it cannot do
            self._log.warning("not-readable", path=str(self._into), why=error.strerror)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="model") as pool:
            while True:
                self.take(self._models.read())
                for kept in self._kept.values():
                    if not kept.is_busy and kept.due_at <= time.monotonic():
                        kept.is_busy = True
                        pool.submit(kept.turn, interval_seconds, self._stopping, self._log)
                self._remove_unlisted()
                after()
                pulse.expect(POLL_SECONDS + SLACK_SECONDS)
                self._stopping.sleep(POLL_SECONDS)

    def _remove_unlisted(self) -> None:
        """Remove directories of ours that the list has not named for a while: a pod may still be reading them."""
        with suppress(OSError):
            for path in self._into.glob(f"{_TRASH}*"):
                shutil.rmtree(path, ignore_errors=True)
            marks = [path for path in self._into.glob(f"*/{MARK}") if path.parent.name not in self._kept]
            now = volume_seconds(self._into) if marks else 0.0
            for mark in marks:
                if now - mark.stat().st_mtime >= self._keep_seconds:
                    directory = mark.parent
                    trash = self._into / f"{_TRASH}{uuid.uuid4().hex[:12]}"
                    directory.rename(trash)
                    self._log.info("removed-model", model=directory.name)
                    shutil.rmtree(trash, ignore_errors=True)


def make_public(directory: Path) -> None:
    """Make a directory that every user may enter, whatever the umask: ours, or that of the kubelet that made it."""
    directory.mkdir(parents=True, exist_ok=True)
    mode = directory.stat().st_mode
    if mode & _OPEN != _OPEN:
        directory.chmod(stat.S_IMODE(mode) | DIRECTORY_MODE)  # as for every directory of the store
