"""One load: see what is there, bring what is missing, make it current."""

import errno
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal

from .checks import NO_CHECKS, Checks
from .deadline import Deadline
from .errors import AgentError, DiskError
from .flush import Flusher
from .layerload import LayerLoader
from .logs import Log
from .plan import Layer, Plan, Source
from .progress import Progress
from .records import Written
from .reuse import Reuse
from .staging import Staging
from .store import RESERVE_BYTES, Store
from .tree import TreeWriter

_HINTS: Final = {
    errno.ENOSPC: "the volume is full; enlarge it or lower --keep-previous or --keep-seconds",
    errno.EDQUOT: "the quota is used up; raise it or lower --keep-previous or --keep-seconds",
    errno.EROFS: "the volume is mounted read-only; mount it writable for the loader",
    errno.EACCES: "this user may not write there; set fsGroup, or the directory's owner",
    errno.EPERM: "this user may not write there; set fsGroup, or the directory's owner",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a load ended.

    Attributes:
        result: ``ok`` if bytes were needed, ``unchanged`` if the version was there.
        moved_bytes: bytes that came over the network.
        seconds: time it took.
    """

    result: Literal["ok", "unchanged"]
    moved_bytes: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadSettings:
    """What the command line decides.

    Attributes:
        reference: as given, for the receipt.
        keep_previous: versions kept beside the current one.
        parallel: layers moved at the same time.
        max_layer_bytes: most one layer may unpack to.
        keep_seconds: time a version stays after it was last in use, whatever ``keep_previous`` says.
        on_bytes: told how many bytes came over the network, whenever some came.
    """

    reference: str
    keep_previous: int
    parallel: int
    max_layer_bytes: int
    keep_seconds: float = 0
    on_bytes: Callable[[int], None] | None = None


@contextmanager
def disk_errors() -> Generator[None]:
    """Turn what the file system refuses into a DiskError with the fix."""
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "check the volume")
        raise DiskError(f"{error.filename or 'the volume'}: {error.strerror or error}; {hint}") from error


class Load:
    """Brings one version into a store.

    Args:
        source: what to load.
        store: where to.
        deadline: bounds the load.
        log: told about it.
        settings: the rest.
        checks: what it must pass before it becomes a version.
    """

    def __init__(  # each is a part of its own, none a setting
        self,
        source: Source,
        store: Store,
        deadline: Deadline,
        log: Log,
        settings: LoadSettings,
        checks: Checks = NO_CHECKS,
    ) -> None:
        self._source = source
        self._store = store
        self._deadline = deadline
        self._log = log
        self._settings = settings
        self._checks = checks

    def run(self) -> Outcome:
        """Load if needed, make it current, remove what is no longer needed.

        Raises:
            AgentError: the version cannot be had; what was current before still is.
        """
        key = self._source.key
        with disk_errors():
            is_done = self._store.is_current(key) and self._checks.passed_by(self._store.checks_passed(key))
        if is_done:
            with suppress(OSError):  # tidying must not fail a start whose model is there; the volume may be read-only
                self._store.clean_leftovers("")
            self._store.touch(key)
            return Outcome(result="unchanged", moved_bytes=0, seconds=0.0)
        outcome = self.bring(switch=True)
        with disk_errors():
            self._store.prune(self._settings.keep_previous, self._settings.keep_seconds)
        return outcome

    def bring(self, *, switch: bool, tidy: bool = True) -> Outcome:
        """Make the version complete in the store, fetching what is missing.

        Args:
            switch: make it current as well, before another loader may touch it.
            tidy: remove what crashed runs left, even if this version needs no room.

        Raises:
            AgentError: it cannot be had.
        """
        key = self._source.key
        progress = Progress(self._log, 0)
        with disk_errors():
            self._store.prepare()
            with self._store.lock(key):
                fetched = not self._store.has(key)
                if fetched or tidy:
                    self._store.clean_leftovers(key if fetched else "")
                if fetched:
                    progress = self._fetch(key)
                self._checks.check_stored(key, self._source, self._store)
                if switch:
                    self._store.switch(key)
                self._store.touch(key)
        return Outcome(
            result="ok" if fetched else "unchanged",
            moved_bytes=progress.moved_bytes,
            seconds=progress.elapsed_seconds(),
        )

    def _fetch(self, key: str) -> Progress:
        plan = self._source.plan()
        self._checks.check_plan(plan)
        total = sum(layer.blob.size for layer in plan.layers)
        self._log.info("plan", key=key, layers=len(plan.layers), bytes=total, resolved=dict(plan.resolved))
        with self._store.staging(key) as staging:
            recovered = staging.recover(plan.layers)
            missing = [layer for layer in plan.layers if layer.key not in recovered]
            reused = Reuse(self._store, self._log).take(staging, missing)
            missing = [layer for layer in missing if layer.key not in reused]
            left = sum(staging.missing_bytes(layer) for layer in missing)
            self._log.info("missing", recovered=len(recovered), reused=len(reused), moved=len(missing), bytes=left)
            progress = Progress(self._log, left, self._settings.on_bytes)
            try:
                self._check_space(left)
                with Flusher(self._settings.parallel) as flusher:
                    self._move(staging, missing, progress, flusher)
                    self._write_files(staging, plan, flusher)
                self._checks.check_tree(staging.tree)
                self._store.commit(key, staging, self._receipt(key, staging, plan, progress))
            except (AgentError, OSError) as error:
                if not isinstance(error, AgentError) or not error.keeps_staging:
                    self._store.discard(staging.path)
                raise
        return progress

    def _check_space(self, left_bytes: int) -> None:
        free = self._store.free_bytes()
        if left_bytes + RESERVE_BYTES > free:
            raise DiskError(
                f"the version needs {left_bytes} bytes and {RESERVE_BYTES} in reserve, the volume has {free}; "
                "enlarge it or lower --keep-previous or --keep-seconds"
            )

    def _move(self, staging: Staging, layers: Iterable[Layer], progress: Progress, flusher: Flusher) -> None:
        most = self._settings.max_layer_bytes
        loader = LayerLoader(self._deadline, self._log, progress, staging, flusher, max_layer_bytes=most)

        def done(layer: Layer, written: Written) -> None:
            staging.mark_done(layer.key, written)
            self._log.step("layer-done", blob=layer.blob.name)

        def one(layer: Layer) -> Future[None]:
            self._deadline.check()
            with disk_errors():
                self._store.fence()
                writer = loader.load(layer)
            self._log.step("layer-written", blob=layer.blob.name)
            return writer.finish(partial(done, layer, writer.written()))

        with ThreadPoolExecutor(self._settings.parallel, thread_name_prefix="layer") as pool:
            waiting = [pool.submit(one, layer) for layer in layers]
            try:
                for durable in [moved.result() for moved in as_completed(waiting)]:
                    durable.result()
            except BaseException:
                # The first failure ends the load; the other layers stop at their next read.
                self._deadline.stop("another layer failed")
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _write_files(self, staging: Staging, plan: Plan, flusher: Flusher) -> None:
        writer = TreeWriter(staging.tree, flusher.flushing())
        try:
            for name, data in sorted(plan.files.items()):
                writer.write_file((name,), [data], executable=False)
        finally:
            written = writer.finish(partial(self._log.step, "files-written"))
        written.result()

    def _receipt(self, key: str, staging: Staging, plan: Plan, progress: Progress) -> dict[str, object]:
        layers = {layer.key: staging.marked(layer.key) for layer in plan.layers}
        return {
            "key": key,
            "reference": self._settings.reference,
            "resolved": dict(plan.resolved),
            "layers": {layer: written.as_json() for layer, written in layers.items() if written is not None},
            "movedBytes": progress.moved_bytes,
            "seconds": round(progress.elapsed_seconds(), 3),
            "checks": self._checks.names,
            "loadedAt": datetime.now(UTC).isoformat(timespec="seconds"),
        }
