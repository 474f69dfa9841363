"""Registries that are slow or silent and names that do not resolve: deadlines hold, and so does a wish to stop."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.loaders.agent.agent_process import finish, once, run_agent, start_agent
from tests.components.loaders.agent.processes import wait_for
from tests.components.loaders.agent.real_registry import RealRegistry
from tests.components.loaders.agent.tcp_proxy import TcpProxy
from tests.components.loaders.agent.test_real_faults import push_blob


def test_registry_at_10_kb_per_second_meets_the_deadline(tmp_path: Path, real_registry: RealRegistry) -> None:
    digest = push_blob(real_registry)
    proxy = TcpProxy(real_registry.port, marker=b"/blobs/", bytes_per_second=10_000).start()

    run = run_agent(*once(proxy.host, digest, tmp_path, "--deadline-seconds", "2", source="oci"))

    proxy.stop()
    assert run.code == 10
    assert run.seconds < 10
    assert 0 < proxy.body_bytes < 100_000
    assert not (tmp_path / "current").exists()


def test_registry_that_accepts_and_says_nothing_meets_the_deadline(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        run = run_agent(*once(host, f"sha256:{'0' * 64}", tmp_path, "--deadline-seconds", "2"))

    assert run.code == 10
    assert run.seconds < 10


@pytest.mark.parametrize("tls", [False, True])
def test_registry_that_says_nothing_does_not_hold_up_a_wish_to_stop(tmp_path: Path, *, tls: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        words = once(host, f"sha256:{'0' * 64}", tmp_path)
        started = time.monotonic()
        process = start_agent(*[word for word in words if not tls or word != "--plain-http"])
        accepted, _ = silent.accept()
        accepted.recv(100)  # now it waits for an answer, or in the middle of a handshake

        process.terminate()

        run = finish(process, started)
        accepted.close()
    assert run.code == 143, run.text
    assert (run.lines[-1]["event"], run.lines[-1]["level"]) == ("stopped", "info")
    assert run.seconds < 10


def test_name_that_does_not_exist_is_a_network_error(tmp_path: Path) -> None:
    words = once("registry.invalid", f"sha256:{'0' * 64}", tmp_path, "--deadline-seconds", "3")

    run = run_agent(*words)

    assert run.code in {3, 10}
    assert "registry.invalid" in run.text
    assert run.seconds < 10


@pytest.fixture
def dead_resolver(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """A command that runs another one with a name server that takes questions and never answers."""
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0:
        pytest.skip("a name server of the test's own needs root and unshare(1)")
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind((f"127.53.{os.getpid() >> 8 & 255}.{os.getpid() & 255}", 53))
        (tmp_path / "resolv.conf").write_text(f"nameserver {silent.getsockname()[0]}\n")
        (tmp_path / "nsswitch.conf").write_text("hosts: dns\n")
        mounts = " && ".join(f"mount --bind {tmp_path / name} /etc/{name}" for name in ("resolv.conf", "nsswitch.conf"))
        command = (unshare, "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh")
        tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
        if tried.returncode:
            pytest.skip(f"this machine does not let a test mount files of its own: {tried.stderr.strip()}")
        yield command


def test_dead_name_server_meets_the_deadline(tmp_path: Path, dead_resolver: tuple[str, ...]) -> None:
    words = once("registry.example", f"sha256:{'0' * 64}", tmp_path / "models", "--deadline-seconds", "2")

    run = run_agent(*words, prefix=dead_resolver)

    assert run.code == 10, run.text
    assert run.seconds < 5


def test_dead_name_server_does_not_hold_up_a_wish_to_stop(tmp_path: Path, dead_resolver: tuple[str, ...]) -> None:
    words = once("registry.example", f"sha256:{'0' * 64}", tmp_path / "models")
    started = time.monotonic()
    process = start_agent(*words, prefix=dead_resolver)
    wait_for((tmp_path / "models/.store").is_dir)
    time.sleep(0.3)  # now it asks for the name

    process.terminate()

    run = finish(process, started)
    assert run.code == 143, run.text
    assert run.seconds < 5
