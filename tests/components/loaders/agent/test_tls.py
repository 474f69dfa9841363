"""TLS: a certificate that is not trusted ends the load at once, plain HTTP needs the flag."""

import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import small_kit


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a self-signed certificate for 127.0.0.1, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not on PATH, so no certificate can be made")
    key, pem = tmp_path / "key.pem", tmp_path / "ca.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    extra = ["-subj", "/CN=fake", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(pem)]
    subprocess.run([openssl, *words, *extra], check=True, capture_output=True)
    return pem


@pytest.fixture
def tls_registry(certificate: Path) -> Iterator[FakeRegistry]:
    """A fake registry behind TLS."""
    registry = FakeRegistry()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server = registry.make_server()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield registry
    server.shutdown()
    thread.join()
    server.server_close()


TlsAgent = Callable[..., tuple[int, str]]


@pytest.fixture
def tls_agent(tls_registry: FakeRegistry, capsys: pytest.CaptureFixture[str]) -> TlsAgent:
    """Run the agent against it, without --plain-http."""
    from components.loaders.agent.cli import main

    def run(into: Path, *more: str, host: str = "127.0.0.1") -> tuple[int, str]:
        reference = f"{host}:{tls_registry.port}/ns/kit@{small_kit(tls_registry)}"
        code = main(["once", "--source", "modelkit", "--reference", reference, "--into", str(into), *more])
        return code, capsys.readouterr().err

    return run


def test_private_ca(tmp_path: Path, certificate: Path, tls_agent: TlsAgent) -> None:
    code, text = tls_agent(tmp_path / "models", "--ca-file", str(certificate))

    assert code == 0, text
    assert (tmp_path / "models/current/README.md").is_file()


def test_unknown_ca_is_not_tried_again(tmp_path: Path, tls_agent: TlsAgent) -> None:
    code, text = tls_agent(tmp_path / "models")

    assert code == 11
    assert "--ca-file" in text
    assert "retry" not in text


def test_certificate_of_another_host(tmp_path: Path, certificate: Path, tls_agent: TlsAgent) -> None:
    code, text = tls_agent(tmp_path / "models", "--ca-file", str(certificate), host="localhost")

    assert code == 11, text


def test_redirect_to_plain_http_is_refused(
    tmp_path: Path, certificate: Path, tls_registry: FakeRegistry, tls_agent: TlsAgent, registry: FakeRegistry
) -> None:
    tls_registry.redirect_to = registry

    code, text = tls_agent(tmp_path / "models", "--ca-file", str(certificate), "--deadline-seconds", "2")

    assert code in {3, 10}
    assert "plain HTTP is refused" in text
    assert registry.requests == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_useless_ca_file(tmp_path: Path, tls_agent: TlsAgent, content: str | None) -> None:
    file = tmp_path / "bad.pem"
    if content is not None:
        file.write_text(content)

    code, text = tls_agent(tmp_path / "models", "--ca-file", str(file))

    assert code == 2, text


def test_plain_http_needs_the_flag(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, capsys: pytest.CaptureFixture[str]
) -> None:
    """The fixture gives the flag; a registry without TLS must not be reached without it."""
    from components.loaders.agent.cli import main

    reference = f"{registry.host}/ns/kit@{small_kit(registry)}"
    code = main(
        ["once", "--source", "modelkit", "--reference", reference, "--into", str(tmp_path), "--deadline-seconds", "5"]
    )

    assert code in {3, 10}  # pauses are random: the attempts or the time end first
    assert "not with TLS; check the port, or give --plain-http" in capsys.readouterr().err
    assert registry.requests == []
    assert agent(small_kit(registry), tmp_path).code == 0
