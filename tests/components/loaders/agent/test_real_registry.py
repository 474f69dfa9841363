"""The agent against a real registry (github.com/distribution/distribution v3.1.2), where one is to be had.

``SLIPWAY_REGISTRY`` names the binary; ``go build github.com/distribution/distribution/v3/cmd/registry`` makes it.
"""

import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from components.loaders.agent.cli import main
from tests.components.loaders.agent.fake_registry import MANIFEST_TYPE, FakeRegistry
from tests.components.loaders.agent.kits import noise, small_kit, tree_of
from tests.components.loaders.agent.test_auth import docker_config

BINARY: Final = os.environ.get("SLIPWAY_REGISTRY", "")
USER_LINE: Final = "puller:$2b$05$Fm4fOPpR5etBslhoqh7o2uWe3nS.l4hV1OoHnkUv8fuJK2L.9M/7q"
"""What `htpasswd -B` writes for the password of ``docker_config``."""

pytestmark = pytest.mark.skipif(
    not BINARY, reason="SLIPWAY_REGISTRY does not name a registry binary (go build …/distribution/v3/cmd/registry)"
)


class RealRegistry:
    """One registry process with its own directory.

    Args:
        root: for its files.
        auth: the ``auth`` section of its configuration, as JSON, which is YAML too.
    """

    def __init__(self, root: Path, auth: dict[str, object]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        config: dict[str, object] = {
            "version": "0.1",
            "log": {"accesslog": {"disabled": True}, "level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(root / "storage")}},
            "http": {"addr": f"127.0.0.1:{self.port}", "secret": "of-this-test"},
        }
        root.mkdir()
        (root / "config.yml").write_text(json.dumps({**config, **({"auth": auth} if auth else {})}))
        self.process = subprocess.Popen(
            [BINARY, "serve", str(root / "config.yml")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"},
        )
        self._wait()

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def _wait(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.call("GET", "/v2/", b"", {})
            except OSError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("the registry did not start")

    def call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Send one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response

    def push(self, made: FakeRegistry, headers: dict[str, str]) -> None:
        """Push everything a fake registry was given."""
        for repository in {repository for repository, _ in made.manifests}:
            for digest, data in made.blobs.items():
                start = self.call("POST", f"/v2/{repository}/blobs/uploads/", b"", headers)
                where = urlsplit(start.getheader("Location") or "")
                done = self.call("PUT", f"{where.path}?{where.query}&digest={digest}", data, headers)
                assert done.status == 201, done.status
        for (repository, name), data in made.manifests.items():
            kind = {"Content-Type": MANIFEST_TYPE}
            assert self.call("PUT", f"/v2/{repository}/manifests/{name}", data, {**headers, **kind}).status == 201


Start = Callable[[dict[str, object]], RealRegistry]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start real registries; they end with the test."""
    started: list[RealRegistry] = []

    def make(auth: dict[str, object]) -> RealRegistry:
        started.append(RealRegistry(tmp_path / f"registry-{len(started)}", auth))
        return started[-1]

    yield make
    for registry in started:
        registry.process.terminate()
        registry.process.wait(timeout=20)


def load(registry: RealRegistry, digest: str, into: Path, *more: str) -> int:
    """Run the agent."""
    reference = f"{registry.host}/ns/kit:1.0@{digest}"
    fixed = ["--source", "modelkit", "--reference", reference, "--into", str(into), "--plain-http"]
    return main(["once", *fixed, *more])


def test_anonymous(tmp_path: Path, start: Start) -> None:
    made = FakeRegistry()
    digest = small_kit(made, packed=True)
    registry = start({})
    registry.push(made, {})

    assert load(registry, digest, tmp_path / "models") == 0

    assert len(tree_of(tmp_path / "models/current")) == 7
    assert (tmp_path / "models/current/model/weights.bin").read_bytes() == noise(300_000)
    registry.process.kill()
    assert load(registry, digest, tmp_path / "models") == 0  # nothing is asked of it any more


def test_basic(tmp_path: Path, start: Start) -> None:
    made = FakeRegistry()
    digest = small_kit(made)
    (tmp_path / "users").write_text(USER_LINE)
    registry = start({"htpasswd": {"realm": "test", "path": str(tmp_path / "users")}})
    pair = base64.b64encode(b"puller:right-password").decode()
    registry.push(made, {"Authorization": f"Basic {pair}"})
    config = docker_config(tmp_path / "config.json", registry.host)

    assert load(registry, digest, tmp_path / "anonymous") == 4
    assert load(registry, digest, tmp_path / "models", "--registry-config", str(config)) == 0

    assert len(tree_of(tmp_path / "models/current")) == 7


class _TokenServer(BaseHTTPRequestHandler):
    """A stand-in for a registry's token service: signs what is asked for, for one user."""

    key: Path
    certificate: str
    asked: list[str]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Stay quiet."""

    def do_GET(self) -> None:
        """Answer with a token, or 401 to anyone else."""
        self.asked.append(self.path)
        pair = base64.b64encode(b"puller:right-password").decode()
        known = self.headers.get("Authorization", "") == f"Basic {pair}"
        body = json.dumps({"token": make_token(self.key, self.certificate, ["pull"])}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def make_token(key: Path, certificate: str, actions: list[str]) -> str:
    """Return a signed JWT as the registry wants it (distribution docs, "Token Authentication Implementation")."""
    now = int(time.time())
    access = [{"type": "repository", "name": "ns/kit", "actions": actions}]
    header = {"typ": "JWT", "alg": "RS256", "x5c": [certificate]}
    claims = {"iss": "test", "sub": "puller", "aud": "registry", "exp": now + 600, "nbf": now - 60, "iat": now - 60}
    text = ".".join(_segment(json.dumps(part).encode()) for part in (header, {**claims, "jti": "1", "access": access}))
    signed = subprocess.run(
        [str(shutil.which("openssl")), "dgst", "-sha256", "-sign", str(key)],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    return f"{text}.{_segment(signed.stdout)}"


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_token(tmp_path: Path, start: Start) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not on PATH, so no token can be signed")
    key, pem = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    subprocess.run([openssl, *words, "-keyout", str(key), "-out", str(pem)], check=True, capture_output=True)

    class Service(_TokenServer):
        asked: list[str] = []  # noqa: RUF012  # one list for this server, read below
        certificate = "".join(line for line in pem.read_text().splitlines() if not line.startswith("-"))

    Service.key = key
    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    realm = f"http://127.0.0.1:{service.server_address[1]}/token"
    token = {"realm": realm, "service": "registry", "issuer": "test", "rootcertbundle": str(pem)}
    registry = start({"token": token})
    made = FakeRegistry()
    digest = small_kit(made)
    writer = make_token(key, Service.certificate, ["pull", "push"])
    registry.push(made, {"Authorization": f"Bearer {writer}"})
    config = docker_config(tmp_path / "config.json", registry.host)

    assert load(registry, digest, tmp_path / "anonymous") == 4
    Service.asked.clear()
    assert load(registry, digest, tmp_path / "models", "--registry-config", str(config)) == 0

    assert len(tree_of(tmp_path / "models/current")) == 7
    assert Service.asked == ["/token?scope=repository%3Ans%2Fkit%3Apull&service=registry"]
    service.shutdown()
    service.server_close()
