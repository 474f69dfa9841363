"""Probes and metrics over HTTP."""

import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from components.loaders.agent.errors import UsageError
from components.loaders.agent.health import Pulse, serving
from components.loaders.agent.listenaddress import split_address
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.processes import running, wait_for
from tests.components.loaders.agent.test_watch_processes import words
from tests.components.loaders.agent.watching import push


def fetch(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=10) as answer:  # our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_probes_say_why() -> None:
    problems = {"alive": "", "ready": "nothing there"}

    with serving(
        "127.0.0.1:0", alive=lambda: problems["alive"], ready=lambda: problems["ready"], metrics=lambda: "x 1\n"
    ) as port:
        assert fetch(port, "/healthz") == (200, "ok\n")
        assert fetch(port, "/readyz?verbose") == (503, "nothing there\n")
        assert fetch(port, "/metrics") == (200, "x 1\n")
        assert fetch(port, "/else")[0] == 404
        problems.update(alive="stuck", ready="")
        assert fetch(port, "/healthz") == (503, "stuck\n")
        assert fetch(port, "/readyz") == (200, "ok\n")


def test_listens_where_it_is_told_and_nowhere_else() -> None:
    with serving("127.0.0.1:0", alive=str, ready=str, metrics=str) as port:
        with socket.socket() as other:
            other.bind(("127.0.0.2", port))  # another address of this machine is still free
        with (
            pytest.raises(UsageError, match="--listen"),
            serving(f"127.0.0.1:{port}", alive=str, ready=str, metrics=str),
        ):
            pytest.fail("listened twice")
    with serving("", alive=str, ready=str, metrics=str) as port:
        assert port == 0


def test_listens_on_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with serving("[::1]:0", alive=str, ready=str, metrics=str) as port:
        assert fetch(port, "/healthz", "[::1]")[0] == 200


def test_slow_client_does_not_stop_the_others() -> None:
    with (
        serving("127.0.0.1:0", alive=str, ready=str, metrics=str) as port,
        socket.create_connection(("127.0.0.1", port)) as mute,
    ):
        mute.send(b"GET /hea")
        assert fetch(port, "/healthz")[0] == 200


@pytest.mark.parametrize("listen", ["9410", ":9410", "host:", "host:x", "host:70000"])
def test_wrong_addresses(listen: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        split_address(listen)


def test_pulse() -> None:
    pulse = Pulse()
    assert pulse.problem() == ""
    pulse.expect(0)
    time.sleep(0.01)
    assert "late" in pulse.problem()
    pulse.expect(60)
    assert pulse.problem() == ""


def test_watch_is_ready_when_the_first_version_is_there(tmp_path: Path, registry: FakeRegistry) -> None:
    """Alive all the time, ready from the first load on; bytes count while they come."""
    push(registry, "text" * 1_000_000, "prod")
    registry.faults.delay_seconds = 0.02
    with running(tmp_path, words("watch", registry, ":prod", tmp_path / "m", "--listen", "127.0.0.1:0")) as agent:
        wait_for(lambda: bool(agent.lines("watching")))
        port = int(str(agent.lines("watching")[0]["port"]))
        assert fetch(port, "/healthz")[0] == 200
        assert fetch(port, "/readyz") == (503, "the first version is not loaded yet\n")

        def moved() -> float:
            text = fetch(port, "/metrics")[1]
            return float(text.split('model_loader_bytes_total{model="m"} ')[1].split()[0])

        wait_for(lambda: 0 < moved() < 4_000_000, "counting while loading")
        assert fetch(port, "/readyz")[0] == 503
        assert 'model_loader_staging_bytes{model="m"} 0\n' not in fetch(port, "/metrics")[1]
        wait_for(lambda: fetch(port, "/readyz")[0] == 200)
        assert moved() == 4_000_000
