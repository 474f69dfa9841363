"""Fixtures of the object store tests: a moto server, a bad network before it, and the agent run in this process."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from components.loaders.agent import deadline
from components.loaders.agent.cli import main
from tests.components.loaders.agent.conftest import Run
from tests.components.loaders.agent.s3.cutting_proxy import CuttingProxy
from tests.components.loaders.agent.s3.object_store import REGION, MotoStore

S3Agent = Callable[..., Run]


@pytest.fixture(scope="session")
def moto_server() -> Iterator[ThreadedMotoServer]:
    """A moto server."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def store(moto_server: ThreadedMotoServer) -> Iterator[MotoStore]:
    """A private bucket of its own."""
    bucket = MotoStore(moto_server)
    yield bucket
    bucket.check_signatures(on=False)


@pytest.fixture
def proxy(store: MotoStore) -> Iterator[CuttingProxy]:
    """A stand-in for the network before the server."""
    network = CuttingProxy(store.port)
    yield network
    network.close()


def s3_words(reference: str, into: Path, endpoint: str, *more: str) -> list[str]:
    """Return the command line of a load."""
    fixed = ["once", "--source", "s3", "--reference", reference, "--into", str(into), "--endpoint", endpoint]
    return [*fixed, "--addressing", "path", "--region", REGION, *more]


@pytest.fixture
def s3_agent(proxy: CuttingProxy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> S3Agent:
    """Run ``agent once`` through the network, with short pauses between attempts."""
    monkeypatch.setattr(deadline, "BASE_SECONDS", 0.001)

    def run(reference: str, into: Path, *more: str) -> Run:
        capsys.readouterr()
        code = main(s3_words(reference, into, proxy.endpoint, *more))
        text = capsys.readouterr().err
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]  # moto writes there as well
        return Run(code=code, lines=lines, text=text)

    return run
