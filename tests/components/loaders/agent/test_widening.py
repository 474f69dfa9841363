"""A large blob begins over one connection; several follow if that one is slow, and only then."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from components.loaders.agent import ranged, widening
from components.loaders.agent.blob import Body
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import NetworkError
from components.loaders.agent.logs import Log
from components.loaders.agent.retry import ATTEMPTS
from components.loaders.agent.transport import Response, Transport
from components.loaders.agent.widening import HttpRanges
from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.fake_web import FakeWeb, Starter
from tests.components.loaders.agent.kits import noise, push_artifact

TITLE = "org.opencontainers.image.title"
PROBE, LARGE, PART = 20_000, 60_000, 7_000
BLOB = noise(100_000, 9)
ANY_SPEED, NO_SPEED = 0.0, float("inf")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widening, "PROBE_BYTES", PROBE)
    monkeypatch.setattr(widening, "LARGE_BYTES", LARGE)
    monkeypatch.setattr(ranged, "PART_BYTES", PART)


@pytest.fixture
def enough(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the speed from which one connection is enough."""

    def set_speed(speed: float) -> None:
        monkeypatch.setattr(widening, "FAST_BYTES_PER_SECOND", speed)

    return set_speed


def push(registry: FakeRegistry, data: bytes = BLOB) -> str:
    return push_artifact(registry, "ns/kit", [("x/y", data, {TITLE: "w"})])


def spans(registry: FakeRegistry, data: bytes = BLOB) -> list[tuple[int, int]]:
    """Return what was asked of a blob, in order of the first byte."""
    return read_spans((span for _, path, _, span in registry.requests if digest_of(data) in path), len(data))


def read_spans(asked: Iterable[str], size: int) -> list[tuple[int, int]]:
    """Return first and end of every ``Range``, in order; none stands for everything."""
    found = [re.fullmatch(r"bytes=(\d+)-(\d*)", span) for span in asked]
    return sorted((int(one[1]), int(one[2]) + 1 if one[2] else size) if one else (0, size) for one in found)


def assert_seamless(asked: list[tuple[int, int]]) -> None:
    """No byte was asked for twice, none left out."""
    assert [end for _, end in asked] == [*(start for start, _ in asked[1:]), len(BLOB)]
    assert asked[0] == (0, PROBE)
    assert {end - start for start, end in asked[1:-1]} == {PART}


def test_fast_link_stays_one_connection(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, enough: Callable[[float], None]
) -> None:
    enough(ANY_SPEED)
    run = agent(push(registry), tmp_path, source="oci")

    assert run.code == 0, run.text
    assert (tmp_path / "current/w").read_bytes() == BLOB
    assert spans(registry) == [(0, PROBE), (PROBE, len(BLOB))]
    assert "several-connections" not in run.text


def test_slow_link_becomes_several_and_no_byte_comes_twice(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, enough: Callable[[float], None]
) -> None:
    enough(NO_SPEED)
    run = agent(push(registry), tmp_path, source="oci")

    assert run.code == 0, run.text
    assert (tmp_path / "current/w").read_bytes() == BLOB
    assert_seamless(spans(registry))
    assert run.last("done")["moved_bytes"] == len(BLOB)
    assert run.last("several-connections")["blob"] == digest_of(BLOB)


def test_small_blob_is_one_request(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, enough: Callable[[float], None]
) -> None:
    enough(NO_SPEED)
    data = noise(LARGE - 1, 3)

    assert agent(push(registry, data), tmp_path, source="oci").code == 0

    assert spans(registry, data) == [(0, len(data))]


@pytest.mark.parametrize("speed", [ANY_SPEED, NO_SPEED])
def test_server_without_ranges_sends_the_whole_once(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, enough: Callable[[float], None], speed: float
) -> None:
    enough(speed)
    registry.faults.ignore_range = True

    run = agent(push(registry), tmp_path, source="oci")

    assert run.code == 0, run.text
    assert (tmp_path / "current/w").read_bytes() == BLOB
    assert run.last("done")["moved_bytes"] == len(BLOB)


@pytest.mark.parametrize("speed", [ANY_SPEED, NO_SPEED])
@pytest.mark.parametrize("at", [[5_000], [PROBE - 1], [PROBE, 3_000, 1], [1] * (ATTEMPTS - 1)])
def test_cut_connections_go_on_at_their_byte(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, enough: Callable[[float], None], speed: float, at: list[int]
) -> None:
    enough(speed)
    registry.faults.cut_at[digest_of(BLOB)] = list(at)

    run = agent(push(registry), tmp_path, source="oci")

    assert run.code == 0, run.text
    assert (tmp_path / "current/w").read_bytes() == BLOB
    assert run.last("done")["moved_bytes"] == len(BLOB)


def test_wrong_byte_behind_the_first_part_is_noticed(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, enough: Callable[[float], None]
) -> None:
    enough(NO_SPEED)
    registry.faults.corrupt[digest_of(BLOB)] = 100

    assert agent(push(registry), tmp_path, source="oci").code == 5
    assert not (tmp_path / "current").exists()


def test_broken_off_load_is_continued_from_its_parts(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, enough: Callable[[float], None]
) -> None:
    enough(NO_SPEED)
    digest = push(registry)
    registry.faults.cut_at[digest_of(BLOB)] = [PROBE, *[0] * 50]
    assert agent(digest, tmp_path, source="oci").code == 3
    registry.faults.cut_at.clear()
    registry.requests.clear()

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 0, run.text
    assert run.last("continued")["at_bytes"] == PROBE
    assert spans(registry)[0] == (PROBE, 2 * PROBE)


def test_files_of_web_servers_too(servers: Starter, enough: Callable[[float], None]) -> None:
    enough(NO_SPEED)
    server = servers.start(FakeWeb(files={"/w": BLOB}))
    deadline = Deadline(60)

    body = widening.open_widening(ranges_of(server), 0, deadline, Log())
    data = b"".join(iter(lambda: body.read(deadline), b""))
    body.close()

    assert data == BLOB
    assert_seamless(read_spans((one.range for one in server.asked), len(BLOB)))


def ranges_of(server: FakeWeb, shift: int = 0) -> HttpRanges:
    """Return a file of a stand-in server; with a shift, parts end too early, as a confused server may answer."""
    transport = Transport(None, Deadline(10_000), plain_http=True)

    def ask(headers: dict[str, str]) -> Response:
        span = re.sub(r"-(\d+)$", lambda found: f"-{int(found[1]) - shift}", headers.get("Range", ""))
        return transport.get(f"{server.base}/w", {**headers, "Range": span} if span else headers)

    return HttpRanges(ask=ask, name="w", size=len(BLOB))


def test_part_that_is_another_one_is_refused(servers: Starter) -> None:
    blob = ranges_of(servers.start(FakeWeb(files={"/w": BLOB})), shift=1)

    with pytest.raises(NetworkError, match="asked for bytes 10 to 20, got 10 to 19"):
        widening.part_opener(blob)(10, 20)


def test_slow_reader_is_no_slow_link(
    servers: Starter, enough: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is measured is the waiting for bytes, not what is done with them."""
    now = [0.0]
    monkeypatch.setattr(widening.time, "monotonic", lambda: now[0])
    enough(1_000_000.0)
    server = servers.start(FakeWeb(files={"/w": BLOB}))
    body = widening.open_widening(ranges_of(server), 0, Deadline(10_000), Log())

    got = 0
    while got < len(BLOB):
        got += len(body.read(Deadline(10_000)))
        now[0] += 10  # spent outside
    body.close()

    assert len(server.asked) == 2


def test_several_blobs_share_what_is_enough(servers: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four blobs at the same time are as fast as their link even if each has a fourth of it."""
    monkeypatch.setattr(widening, "FAST_BYTES_PER_SECOND", 4 * 1000.0)
    now = [0.0]
    monkeypatch.setattr(widening.time, "monotonic", lambda: now[0])
    requests: list[int] = []
    for together in (4, 1):
        started = [servers.start(FakeWeb(files={"/w": BLOB})) for _ in range(together)]
        bodies = [widening.open_widening(ranges_of(one), 0, Deadline(10_000), Log()) for one in started]
        body = SlowBody(bodies[0], now, bytes_per_second=1100)
        while body.read():
            pass
        for one in bodies:
            one.close()
            one.close()  # twice does no harm
        requests.append(len(started[0].asked))

    assert requests[0] == 2
    assert requests[1] > 2


class SlowBody:
    """Reads a body and lets the clock of the reading run as if its bytes came slowly."""

    def __init__(self, body: Body, now: list[float], bytes_per_second: float) -> None:
        self._body = body
        inner = getattr(body, "_body")  # noqa: B009  # what is inside is waited for
        read = inner.read

        def slowly(deadline: Deadline) -> bytes:
            data = read(deadline)
            now[0] += len(data) / bytes_per_second
            return data

        inner.read = slowly

    def read(self) -> bytes:
        return self._body.read(Deadline(10_000))
