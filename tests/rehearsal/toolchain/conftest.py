"""A machine of its own for each test: empty roots, a PATH with nothing but a fake `go`, and a fake download server."""

from __future__ import annotations

import http.server
import threading
from typing import TYPE_CHECKING

import pytest

from rehearsal.toolchain.paths import Paths
from tests.rehearsal.toolchain.fakes import FakeGo, Mirror

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Empty roots."""
    clone = tmp_path / "clone"
    clone.mkdir()
    return Paths(clone=clone, home=clone / ".slipway", cache=tmp_path / "cache" / "slipway")


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGo:
    """The fake `go`, alone on PATH."""
    fake = FakeGo(tmp_path / "path")
    fake.install()
    monkeypatch.setenv("PATH", str(fake.folder))
    for name in ("SLIPWAY_PROVIDERS", "SLIPWAY_OFFLINE", "SLIPWAY_SKIP_SPACE_CHECK"):
        monkeypatch.delenv(name, raising=False)
    return fake


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """An empty mirror that answers 404 until files are added."""
    files: dict[str, bytes] = {}
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, *, body: bool) -> None:
            asked.append(f"{self.command} {self.path}")
            content = files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if body:
                self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Keeps the test output quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Mirror(f"http://127.0.0.1:{server.server_port}", files, asked)
    server.shutdown()
    thread.join()
    server.server_close()
