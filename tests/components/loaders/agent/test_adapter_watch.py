"""``watch`` with an adapter, as processes: from a tag that moves to what the runtime serves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import push_artifact, tar_of
from tests.components.loaders.agent.processes import AgentProcess, running, wait_for
from tests.components.loaders.agent.standin_llm import ModelRunnerStandIn
from tests.components.loaders.agent.standins import StandIn
from tests.components.loaders.agent.test_adapter_options import LINES
from tests.components.loaders.agent.world import REFERENCE, make_stand_in

REPOSITORY = "ns/kit"


def push(registry: FakeRegistry, stand_in: StandIn, tag: str) -> str:
    """Move the name to a version whose files begin with a tag, and return the digest."""
    names = ("config.pbtxt", "1/model.bin", "1/more/vocabulary")
    archive = tar_of({name: f"{tag} {name}".encode() for name in names})
    digest = push_artifact(registry, REPOSITORY, [("application/vnd.oci.image.layer.v1.tar", archive, {})], "prod")
    if isinstance(stand_in, ModelRunnerStandIn):
        stand_in.contents[digest], stand_in.registry[REFERENCE] = tag, digest
    return digest


def words(kind: str, registry: FakeRegistry, stand_in: StandIn, into: Path, first: str) -> list[str]:
    """Return the command line."""
    source = ["--source", "oci", "--reference", f"{registry.host}/{REPOSITORY}:prod@{first}", "--plain-http"]
    adapter = ["--adapter", stand_in.kind, "--adapter-url", stand_in.url, *LINES[kind].split()]
    proof = ["--adapter-confirm-url", stand_in.url] if kind == "http" else []
    return ["watch", *source, "--into", str(into), "--interval-seconds", "0.05", *adapter, *proof]


@pytest.fixture
def stand_ins(tmp_path: Path) -> Iterator[dict[str, StandIn]]:
    """The stand-ins for every runtime; what was started ends with the test."""
    made = {kind: make_stand_in(kind, tmp_path / "models") for kind in LINES}
    for stand_in in made.values():
        stand_in.reserve()
    yield made
    for stand_in in made.values():
        stand_in.stop()


def events(agent: AgentProcess, event: str) -> int:
    """Return how often something was logged."""
    return len(agent.lines(event))


@pytest.mark.parametrize("kind", sorted(LINES))
def test_runtime_follows_the_name(
    tmp_path: Path, registry: FakeRegistry, stand_ins: dict[str, StandIn], kind: str
) -> None:
    stand_in = stand_ins[kind]
    first = push(registry, stand_in, "good1")

    with running(tmp_path, words(kind, registry, stand_in, tmp_path / "models", first)) as agent:
        wait_for(lambda: events(agent, "ready") == 1)
        stand_in.start()
        wait_for(lambda: events(agent, "serving") == 1)
        assert stand_in.serving == {"good1"}

        push(registry, stand_in, "good2")
        wait_for(lambda: events(agent, "serving") == 2)
        assert stand_in.serving == {"good2"}

        push(registry, stand_in, "bad3")
        wait_for(lambda: events(agent, "went-back") >= 1)
        wait_for(lambda: events(agent, "serving") >= 3)
        assert stand_in.serving == {"good2"}

        key = push(registry, stand_in, "good4").replace(":", "-")
        wait_for(lambda: stand_in.serving == {"good4"} and agent.lines("serving")[-1]["key"] == key)
        wait_for(lambda: (tmp_path / "models/current/1/model.bin").read_text().startswith("good4"))
        agent.terminate()

    stand_in.restart()
    assert stand_in.serving == {"good4"}


WORTH_DYING_AT = {"switched", "entry-made", "entry-shown", "number-taken", "number-shown", "runtime-loaded", "applied"}
"""Steps of an update with a runtime; those of the load itself are left to the tests of ``watch``."""


def begin(directory: Path, stand_in: StandIn, arguments: list[str]) -> None:
    """Let the first version be served, and end the agent."""
    with running(directory, arguments) as agent:
        wait_for(lambda: events(agent, "ready") == 1)
        stand_in.start()
        wait_for(lambda: events(agent, "serving") == 1)
        agent.terminate()
    (directory / "steps").unlink()


@pytest.mark.parametrize("kind", ["triton", "tf-serving"])
@pytest.mark.parametrize("quality", ["good", "bad"])
def test_agent_killed_while_it_tells_the_runtime(
    tmp_path: Path, registry: FakeRegistry, stand_ins: dict[str, StandIn], kind: str, quality: str
) -> None:
    stand_in = stand_ins[kind]
    arguments = words(kind, registry, stand_in, tmp_path / "models", push(registry, stand_in, "good0"))
    begin(tmp_path, stand_in, arguments)

    def life(tag: str, kill_at: int) -> bool:
        """Update to a version, and return whether the agent was killed over it."""
        push(registry, stand_in, tag)
        done = "serving" if quality == "good" else "went-back"
        with running(tmp_path, arguments, kill_at=kill_at) as agent:
            wait_for(lambda: agent.process.poll() is not None or events(agent, done) >= 1 + (quality == "good"))
            if agent.process.poll() is None:
                agent.terminate()
        return agent.process.returncode == -9

    def settle(tag: str) -> None:
        """Start the agent again and see what it makes of it."""
        with running(tmp_path, arguments) as agent:
            wait_for(lambda: stand_in.serving == {tag} and events(agent, "serving") >= 1)
            agent.terminate()

    served, kills = "good0", 0
    assert not life(f"{quality}1", 0)
    steps = (tmp_path / "steps").read_text().splitlines()
    served = f"{quality}1" if quality == "good" else served
    settle(served)
    for number, step in enumerate(steps, start=1):
        if step not in WORTH_DYING_AT:
            continue
        new = f"{quality}{number + 1}"
        kills += life(new, number)
        assert stand_in.serving in ({served}, {new}), step
        stand_in.restart()
        assert stand_in.serving in ({served}, {new}, set[str]()), step
        served = new if quality == "good" else served
        settle(served)
    assert kills >= 3
