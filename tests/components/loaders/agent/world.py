"""A store, a stand-in for a runtime and its adapter, moved from version to version as the loader does it."""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from components.loaders.agent.adapter import Adapter, Version
from components.loaders.agent.confirmation import Confirmation
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import RuntimeRefusedError
from components.loaders.agent.hook import HookAdapter
from components.loaders.agent.logs import Log
from components.loaders.agent.modelrunner import ModelRunnerAdapter
from components.loaders.agent.runtimecall import RuntimeClient
from components.loaders.agent.tfserving import TfServingAdapter
from components.loaders.agent.triton import TritonAdapter
from components.loaders.agent.vllmlora import VllmLoraAdapter
from tests.components.loaders.agent.standin_llm import HookStandIn, ModelRunnerStandIn, VllmStandIn
from tests.components.loaders.agent.standin_tfserving import TfServingStandIn
from tests.components.loaders.agent.standin_triton import TritonStandIn
from tests.components.loaders.agent.standins import StandIn

REFERENCE = "registry.example/team/model:prod"
OLD_NS = 1_700_000_000_000_000_000
"""A time that every file of every version has, as an archive may say."""

KINDS = ("triton", "tf-serving", "vllm in-place", "vllm reload", "docker-model-runner", "http")


def make_stand_in(kind: str, into: Path) -> StandIn:
    """Return the stand-in for a runtime whose volume is a directory."""
    match kind:
        case "triton":
            return TritonStandIn(into / "repository", "m")
        case "tf-serving":
            return TfServingStandIn(into / "served/m", "m")
        case "docker-model-runner":
            return ModelRunnerStandIn(REFERENCE)
        case "http":
            return HookStandIn(into / "current")
        case _:
            return VllmStandIn(into / "current", "m")


def make(kind: str, url: str, log: Log) -> Adapter:
    """Return the adapter for it."""
    client = RuntimeClient(url)
    match kind:
        case "triton":
            return TritonAdapter(client, "m", "repository", "", log)
        case "tf-serving":
            return TfServingAdapter(client, "m", "served/m", "", log)
        case "docker-model-runner":
            return ModelRunnerAdapter(client, REFERENCE, log)
        case "http":
            proof = Confirmation(client=client, file=None, field="models.0.path", expected="{key}", seconds=0.2)
            return HookAdapter(client, method="POST", body={"path": "{path}"}, status=200, confirmation=proof, log=log)
        case "vllm reload":
            return VllmLoraAdapter(client, "m", root="", subpath="", swap="reload", log=log)
        case _:
            return VllmLoraAdapter(client, "m", root="", subpath="", swap="in-place", log=log)


@dataclass
class World:
    """What there is, and what ought to be served.

    Attributes:
        current: what the link names and the runtime must serve.
        previous: the version before, still in the store.
    """

    kind: str
    into: Path
    stand_in: StandIn = field(init=False)
    adapter: Adapter = field(init=False)
    log: io.StringIO = field(default_factory=io.StringIO)
    tags: dict[str, str] = field(default_factory=dict[str, str])
    current: Version = field(init=False)
    previous: Version | None = None
    made: int = 0

    def __post_init__(self) -> None:
        """Make the runtime, without starting it."""
        self.stand_in = make_stand_in(self.kind, self.into)

    def begin(self) -> None:
        """Load the first version before the runtime starts, as an init container does."""
        self.current = self.version("good")
        self.switch(self.current)
        make(self.kind, "http://127.0.0.1:1", Log(self.log)).prepare(self.current)
        self.stand_in.start()
        self.new_agent()
        self.adapter.apply(self.current, None, Deadline(20))
        self.check()

    def new_agent(self) -> None:
        """Forget what an adapter may remember."""
        self.adapter = make(self.kind, self.stand_in.url, Log(self.log))

    def version(self, quality: str) -> Version:
        """Put a new version into the store."""
        self.made += 1
        tag = f"{quality}{self.made}"
        key = f"sha256-{hashlib.sha256(tag.encode()).hexdigest()}"
        path = self.into / ".store" / key
        (path / "1/more").mkdir(parents=True)
        for name in ("config.pbtxt", "1/model.bin", "1/more/vocabulary"):
            (path / name).write_text(f"{tag} {name}")
        for entry in [*path.rglob("*"), path]:
            os.utime(entry, ns=(OLD_NS, OLD_NS))
        self.tags[key] = tag
        return Version(key=key, path=path, link=self.into / "current")

    def switch(self, version: Version) -> None:
        """Point the link at a version, in one rename; for a runner, its registry's name as well."""
        fresh = self.into / ".store/.link"
        fresh.symlink_to(f".store/{version.key}")
        fresh.replace(version.link)
        if isinstance(self.stand_in, ModelRunnerStandIn):
            identity = version.key.replace("-", ":")
            self.stand_in.registry[REFERENCE] = identity
            self.stand_in.contents[identity] = self.tags[version.key]

    def move(self, version: Version) -> bool:
        """Switch, tell, and switch back if that is refused; return whether it was taken."""
        before = self.current
        self.switch(version)
        try:
            self.adapter.apply(version, before, Deadline(20))
        except RuntimeRefusedError:
            self.switch(before)
            return False
        if version != before:
            gone, self.previous, self.current = self.previous, before, version
            if gone not in {None, version}:
                self.drop(gone)
        return True

    def drop(self, version: Version | None) -> None:
        """Retire a version and remove its files."""
        if version is not None:
            self.adapter.retire(version, Deadline(20))
            shutil.rmtree(version.path)

    def check(self) -> None:
        """See that the runtime serves the current version, whole, and nothing else."""
        assert self.stand_in.serving == {self.tags[self.current.key]}

    def events(self) -> list[str]:
        """Return the names of what was logged."""
        return [str(json.loads(line)["event"]) for line in self.log.getvalue().splitlines()]


Worlds = Callable[[str], World]
