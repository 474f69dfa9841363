"""Reachability is asked once, answers in time, and says why not."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

from rehearsal.toolchain.reach import Reach, Sources

if TYPE_CHECKING:
    import pytest

    from tests.rehearsal.toolchain.fakes import Mirror


def test_an_answering_server_has_no_problem_and_is_asked_once(mirror: Mirror) -> None:
    mirror.add_probes()
    reach = Reach(mirror.sources)
    for _ in range(3):
        assert reach.problem(mirror.sources.pulumi, mirror.sources.github) == ""
    assert len(mirror.asked) == len(mirror.sources.probes())


def test_an_error_status_is_a_problem_that_names_the_server(mirror: Mirror) -> None:
    reach = Reach(mirror.sources)
    assert reach.problem(mirror.sources.kubernetes) == f"{mirror.sources.kubernetes}: HTTP 404"


def test_servers_that_never_answer_cost_the_limit_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, then says nothing
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        sources = Sources(pulumi=f"{base}/a", kubernetes=f"{base}/b", github=f"{base}/c", github_api=f"{base}/d")
        reach = Reach(sources, limit_seconds=0.3)
        started = time.monotonic()
        assert "no answer" in reach.problem(sources.pulumi) or "timed out" in reach.problem(sources.pulumi)
        assert reach.problem(sources.github)
        assert time.monotonic() - started < 2


def test_a_name_lookup_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hangs(_address: str, _limit_seconds: float) -> str:
        release.wait(60)
        return ""

    monkeypatch.setattr("rehearsal.toolchain.reach._head", hangs)
    sources = Sources()
    problem = Reach(sources, limit_seconds=0.2).problem(sources.pulumi, sources.github)  # 60 s if it waits
    release.set()
    assert problem == "https://get.pulumi.com, https://github.com: no answer in 0.2 s"


def test_a_closed_port_is_a_problem() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    sources = Sources(pulumi=base, kubernetes=base, github=base, github_api=base)
    assert "refused" in Reach(sources).problem(base)


def test_offline_asks_nobody(mirror: Mirror) -> None:
    mirror.add_probes()
    reach = Reach.from_environment({"SLIPWAY_OFFLINE": "1"})
    reach.sources = mirror.sources
    assert reach.problem(mirror.sources.pulumi) == "SLIPWAY_OFFLINE is set"
    assert mirror.asked == []
    assert Reach.from_environment({"SLIPWAY_OFFLINE": "0"}).offline == ""
