"""The scratch folder of a benchmark run, its stand-in registry, and their removal whatever happens."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.artifacts import Factory
from benchmarks.ballast import Ballast, free_bytes, memory_bytes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from types import FrameType

_PIECE_BYTES = 1 << 20
ROOM = 8
"""Times the model's size that must be free: parts, layers in two forms, two copies of what is loaded, and spare."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a stand-in registry did since the last question.

    Attributes:
        requests: GET and HEAD below ``/v2/``.
        sent_bytes: bytes of blobs and manifests it gave away.
    """

    requests: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class Bench:
    """One run.

    Attributes:
        folder: scratch space.
        factory: makes artifacts.
        host: the registry's address.
        ballast: what fills memory before a load, or nothing.
    """

    folder: Path
    factory: Factory
    host: str
    ballast: Ballast | None

    @contextmanager
    def target(self) -> Generator[Path]:
        """Give an empty folder that is gone afterwards, with nothing left for the disk to write."""
        into = self.folder / "into"
        into.mkdir()
        try:
            yield into
        finally:
            shutil.rmtree(into)
            subprocess.run(["sync", "-f", str(self.folder)], check=True)  # noqa: S607  # of coreutils, wherever it is

    def settle(self, removed_bytes: int, kept: Iterable[Path]) -> None:
        """Bring memory into the state in which everyone finds it: full, and the files to be served in it."""
        if self.ballast is not None:
            self.ballast.fill(removed_bytes)
            for path in kept:
                with path.open("rb") as file:
                    while file.read(_PIECE_BYTES):
                        pass

    def limit(self, **limits: int) -> Served:
        """Set the link's limits (``static_registry.Limits``), count from 0, and return what was counted before."""
        query = "&".join(f"{name}={value}" for name, value in limits.items())
        return self._ask(f"limit?{query}")

    def served(self) -> Served:
        """Return what was counted since ``limit``."""
        return self._ask("stats")

    def _ask(self, what: str) -> Served:
        with urllib.request.urlopen(f"{self.host}/-/{what}", timeout=30) as answer:  # noqa: S310  # our own address
            return Served(**json.load(answer))


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(143)


@contextmanager
def bench(where: Path | None, size: int, *, full_memory: bool) -> Generator[Bench]:
    """Make the folder, the model and the registry; remove them at the end, at SIGTERM and at SIGINT too.

    Raises:
        SystemExit: too little room.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    with tempfile.TemporaryDirectory(prefix="slipway-bench-", dir=where) as name:
        folder = Path(name)
        free = shutil.disk_usage(folder).free
        if free < ROOM * size:
            sys.exit(f"{folder} has {free >> 20} MiB free, {ROOM * size >> 20} MiB are needed; give another --dir")
        factory = Factory(folder / "registry", size)
        server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("static_registry.py")), str(folder / "registry")],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            ballast = Ballast(folder / "ballast", memory_bytes(), free_bytes) if full_memory else None
            yield Bench(folder, factory, f"http://127.0.0.1:{port}", ballast)
        finally:
            server.kill()
            server.communicate()
