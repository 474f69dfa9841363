"""A watching loader in a thread of the test, and a stand-in for the runtime beside it. No real runtime code."""

import io
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from components.loaders.agent import deadline, setback, watch
from components.loaders.agent.adapter import Version
from components.loaders.agent.arguments import ModelArguments, parse_arguments
from components.loaders.agent.bring import Model
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import AgentError, NetworkError, RuntimeRefusedError
from components.loaders.agent.exposition import Family
from components.loaders.agent.health import Pulse
from components.loaders.agent.logs import Log
from components.loaders.agent.metrics import Metrics
from components.loaders.agent.services import checks_of
from components.loaders.agent.sources import tracked
from components.loaders.agent.watch import Watch
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import push_artifact
from tests.components.loaders.agent.processes import wait_for

TITLE = "org.opencontainers.image.title"


def push(registry: FakeRegistry, text: str, *tags: str) -> str:
    """Push one file and return the version's name in a store."""
    digest = push_artifact(registry, "ns/kit", [("x/y", text.encode(), {TITLE: "file"})], *tags)
    return digest.replace(":", "-")


def named(registry: FakeRegistry, pin: str = "") -> str:
    """Return the reference that is followed, pinned to a version or not."""
    return f"{registry.host}/ns/kit:prod" + (f"@{pin.replace('sha256-', 'sha256:')}" if pin else "")


def shorten_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test be quick; a version that failed stays out for longer than a test takes."""
    monkeypatch.setattr(deadline, "BASE_SECONDS", 0.001)
    monkeypatch.setattr(watch, "PAUSES_SECONDS", (0.01, 0.05))
    monkeypatch.setattr(setback, "PAUSES_SECONDS", (600.0, 600.0))


@dataclass
class StandInRuntime:
    """Takes every version, unless told otherwise; it stands for the adapter and the runtime behind it.

    Attributes:
        prepared: keys, in order.
        told: key and previous key of every telling, in order.
        retired: keys, in order.
        refuses: keys that cannot be taken.
        away: whether it cannot be reached.
        stuck: whether telling takes until the deadline or the end.
        broken: whether telling fails in a way nobody foresaw.
        keeps: keys whose retirement fails.
    """

    prepared: list[str] = field(default_factory=list[str])
    told: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    retired: list[str] = field(default_factory=list[str])
    refuses: set[str] = field(default_factory=set[str])
    away: bool = False
    stuck: bool = False
    broken: bool = False
    keeps: set[str] = field(default_factory=set[str])

    def prepare(self, version: Version) -> None:
        """Note it."""
        self.prepared.append(version.key)

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:
        """Take it."""
        self.told.append((version.key, previous.key if previous else ""))
        assert version.path.is_dir(), "told of a version that is not there"
        assert version.link.resolve() == version.path.resolve(), "told before the link was switched"
        if self.broken:
            raise ValueError("nobody foresaw this")
        if self.stuck:
            deadline.sleep(100)
        if self.away:
            raise NetworkError("the runtime is away")
        if version.key in self.refuses:
            raise RuntimeRefusedError("the runtime does not like it")

    def retire(self, version: Version, deadline: Deadline) -> None:
        """Forget it."""
        deadline.check()
        assert version.path.is_dir(), "retired after its files were gone"
        if version.key in self.keeps:
            raise NetworkError("still in use")
        self.retired.append(version.key)


class Watching:
    """One life of the container, until ``stop``."""

    def __init__(self, into: Path, reference: str, runtime: StandInRuntime, *more: str) -> None:
        fixed = ["watch", "--source", "oci", "--reference", reference, "--into", str(into), "--plain-http"]
        arguments = parse_arguments([*fixed, "--interval-seconds", "0.05", "--model", "m", *more])
        assert isinstance(arguments, ModelArguments)
        self._into = into
        self._stream = io.StringIO()
        log = Log(self._stream)
        self.metrics = Metrics("m")
        model = Model(
            source=arguments.source,
            checks=checks_of(arguments.source, arguments.signature, log),
            load=arguments.load,
            metrics=self.metrics,
            log=log,
        )
        self.stopping = Deadline(60)
        self.pulse = Pulse()
        self.watch = Watch(model, tracked(arguments.source, log), runtime, self.stopping, self.pulse)
        self.error: AgentError | None = None
        self._thread = threading.Thread(target=self._run, args=(arguments.run.interval_seconds,))
        self._thread.start()

    def _run(self, interval_seconds: float) -> None:
        try:
            self.watch.run(interval_seconds, lambda: None)
        except AgentError as error:
            self.error = error

    def __enter__(self) -> Self:
        """Give it back."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.stop()

    def stop(self) -> None:
        """End it as SIGTERM would."""
        self.stopping.stop("the test")
        self.join()

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()

    @property
    def lines(self) -> list[dict[str, object]]:
        """The log so far."""
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    def current(self) -> str:
        """Return what the link names."""
        link = self._into / "current"
        return link.readlink().name if link.is_symlink() else ""

    def value(self, name: str, **labels: str) -> float:
        """Return a metric's value; 0 if there is no such series."""
        return sum(sample.value for sample in self._family(name).samples if labels.items() <= sample.labels.items())

    def digest(self, name: str) -> str:
        """Return the version that a metric tells, as the store names it."""
        return "".join(sample.labels["digest"].replace(":", "-") for sample in self._family(name).samples)

    def _family(self, name: str) -> Family:
        return next(family for family in self.metrics.families() if family.name == f"model_loader_{name}")

    def until_served(self, key: str) -> None:
        """Wait until the metrics say that the runtime serves a version."""
        wait_for(lambda: self.digest("served_info") == key, f"serving {key}")

    def looks(self) -> int:
        """Return how many looks there were."""
        return self.metrics.attempts

    def more_looks(self, count: int = 4) -> None:
        """Wait for some more looks."""
        before = self.looks()
        wait_for(lambda: self.looks() >= before + count, "looking")
