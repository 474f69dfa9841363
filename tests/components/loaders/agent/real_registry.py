"""A real registry (github.com/distribution/distribution) as a process on loopback, with a directory of its own."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.components.loaders.agent.certificates import Identity
from tests.components.loaders.agent.fake_registry import MANIFEST_TYPE, FakeRegistry

STARTS_WITHIN_SECONDS = 30.0


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@dataclass
class RealRegistry:
    """One registry; start it, push to it, damage its files.

    Attributes:
        binary: the program.
        root: directory for its files.
        auth: the ``auth`` section of its configuration (distribution 3.1.2, "Configuring a registry").
        identity: certificate and key; None for plain HTTP.
        headers: sent with every push.
    """

    binary: Path
    root: Path
    auth: Mapping[str, object] = field(default_factory=dict[str, object])
    identity: Identity | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> "RealRegistry":
        """Start the process, with what an earlier one left in the storage, and wait until it answers."""
        self.root.mkdir(exist_ok=True)
        config = self.root / "config.yml"
        config.write_text(json.dumps(self._configuration()))  # JSON is YAML, too
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.binary), "serve", str(config)],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"},
            )
        end = time.monotonic() + STARTS_WITHIN_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            except OSError:
                running = self._process.poll() is None and time.monotonic() < end
                assert running, f"the registry did not start: {(self.root / 'log').read_text()[-2000:]}"
                time.sleep(0.02)
            else:
                return self

    def stop(self) -> None:
        """End the process; the storage stays."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def _configuration(self) -> dict[str, object]:
        http_section: dict[str, object] = {"addr": self.host, "secret": "of-this-test"}
        if self.identity is not None:
            http_section["tls"] = {"certificate": str(self.identity.certificate), "key": str(self.identity.key)}
        return {
            "version": "0.1",
            "log": {"accesslog": {"disabled": True}, "level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(self.root / "storage")}, "delete": {"enabled": True}},
            "http": http_section,
            **({"auth": dict(self.auth)} if self.auth else {}),
        }

    def blob_file(self, digest: str) -> Path:
        """Return where the bytes of a blob or manifest lie on its disk (its ``storage/paths.go``)."""
        digits = digest.removeprefix("sha256:")
        return self.root / "storage/docker/registry/v2/blobs/sha256" / digits[:2] / digits / "data"

    def push(self, made: FakeRegistry) -> None:
        """Push all that a fake registry was given: its blobs, into every repository of it, and its manifests."""
        with self._connected() as connection:
            for repository in sorted({repository for repository, _ in made.manifests}):
                for digest, data in made.blobs.items():
                    where = self._ask(connection, "POST", f"/v2/{repository}/blobs/uploads/", b"", 202)
                    self._ask(connection, "PUT", f"{where}&digest={digest}", data, 201)
            for (repository, name), data in made.manifests.items():
                self._ask(connection, "PUT", f"/v2/{repository}/manifests/{name}", data, 201)

    def delete_manifest(self, repository: str, name: str) -> None:
        """Delete a tag, or a manifest by digest."""
        with self._connected() as connection:
            self._ask(connection, "DELETE", f"/v2/{repository}/manifests/{name}", b"", 202)

    def _connected(self) -> "_Connected":
        return _Connected(self.port, self.identity)

    def _ask(self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes, status: int) -> str:
        connection.request(method, path, body, {"Content-Type": MANIFEST_TYPE, **self.headers})
        response = connection.getresponse()
        said = response.read()
        assert response.status == status, (method, path, response.status, said)
        where = urlsplit(response.getheader("Location") or "")
        return f"{where.path}?{where.query}"


class _Connected:
    def __init__(self, port: int, identity: Identity | None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        if identity is not None:
            context = ssl.create_default_context(cafile=str(identity.authority))
            self._connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)

    def __enter__(self) -> http.client.HTTPConnection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()
