"""Where a version grows before it is whole, and how the leftovers of a crashed run are told from a living one."""

import json
import os
import threading
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from .beginnings import Beginnings
from .locks import is_local, owner, try_lock
from .plan import Layer
from .records import Written, written_from_json
from .tree import DIRECTORY_MODE

BEAT_SECONDS: Final = 15.0
"""How often a living loader touches its staging directory."""

STALE_SECONDS: Final = 120.0
"""Silence after which another machine's staging directory, unlocked, counts as left behind."""

CLAIM_SECONDS: Final = 0.01
"""Pause while another process looks at our lock; it holds it for microseconds."""

_MARK: Final = ".tmp-"
_ALIVE: Final = "alive"


def staging_directories(store: Path, key: str = "") -> list[Path]:
    """Return the staging directories of a key, or of every key."""
    return sorted(path for path in store.glob(f"{key}*{_MARK}*") if not key or path.name.startswith(f"{key}{_MARK}"))


def claim(staging: Path) -> int | None:
    """Take over a staging directory in which no living process works.

    Its owner holds a lock on a file in it. A lock that can be had proves the owner dead on the same machine; from
    another machine, where locks may not reach, its heartbeat must have stopped as well. Ages are taken from the
    volume's clock, so clocks that differ between machines do no harm.

    Returns:
        A descriptor that holds the owner's lock, or None if the owner may live.
    """
    alive = staging / _ALIVE
    if not alive.exists() and _age_seconds(staging) <= STALE_SECONDS:
        return None  # its owner is about to make the file
    try:
        descriptor = os.open(alive, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except FileNotFoundError:
        return None  # renamed or removed by someone else just now
    taken = try_lock(descriptor)
    holder = os.pread(descriptor, 256, 0)
    if taken is not False and ((taken and is_local(holder, descriptor)) or _age_seconds(alive) > STALE_SECONDS):
        return descriptor
    os.close(descriptor)
    return None


def _age_seconds(path: Path) -> float:
    probe = path.parent / ".clock"
    try:
        probe.touch()
        return probe.stat().st_mtime - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0  # removed by someone just now: as good as young
    finally:
        probe.unlink(missing_ok=True)


class Staging:
    """One staging directory that this process owns.

    ``tree/`` grows, ``layers/`` says which layers are done, ``begun/`` has what a crashed run did not finish.

    Args:
        store: the store's directory.
        key: version it is for.
    """

    def __init__(self, store: Path, key: str) -> None:
        self._store = store
        self._key = key
        self.path = store / f"{key}{_MARK}{uuid.uuid4().hex[:12]}"
        self.tree = self.path / "tree"
        self._layers = self.path / "layers"
        self._begun = self.path / "begun"
        self.beginnings = Beginnings(self.tree, self._begun)
        self._closed = threading.Event()
        self._descriptor = -1

    def open(self) -> bool:
        """Take over what a crashed run of the same version left, or make a new directory.

        The rename takes ownership: should the first owner live after all, it can no longer finish.

        Returns:
            Whether something was taken over.
        """
        adopted = self._adopt()
        if not adopted:
            self.path.mkdir()
            self._descriptor = os.open(self.path / _ALIVE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            while try_lock(self._descriptor) is False:
                time.sleep(CLAIM_SECONDS)  # another process is just asking whether we live
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, owner(self._descriptor), 0)
        self.tree.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        self.tree.chmod(DIRECTORY_MODE)
        self._layers.mkdir(exist_ok=True)
        self._begun.mkdir(exist_ok=True)
        threading.Thread(target=self._beat, daemon=True, name="staging-heartbeat").start()
        return adopted

    def _adopt(self) -> bool:
        for left in staging_directories(self._store, self._key):
            descriptor = claim(left)
            if descriptor is not None:
                self._descriptor = descriptor
                left.rename(self.path)
                return True
        return False

    def close(self) -> None:
        """Give up ownership."""
        self._closed.set()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def mark_done(self, layer_key: str, written: Written) -> None:
        """Remember that a layer is complete and durable.

        The mark itself need not be durable: one that a power cut takes away only costs time.
        """
        mark = self._layers / layer_key
        mark.with_suffix(".new").write_text(json.dumps(written.as_json()))
        mark.with_suffix(".new").replace(mark)

    def marked(self, layer_key: str) -> Written | None:
        """Return what was remembered of a layer, or None if nothing readable was."""
        try:
            return written_from_json(json.loads((self._layers / layer_key).read_bytes()))
        except (FileNotFoundError, ValueError):
            return None

    def missing_bytes(self, layer: Layer) -> int:
        """Return how many bytes of a layer are still to be moved."""
        begun = self.beginnings.of(layer)
        return layer.blob.size - (begun.size_bytes if begun is not None else 0)

    def recover(self, wanted: Iterable[Layer]) -> set[str]:
        """Keep what a crashed run finished or began of the wanted layers and remove the rest.

        Returns:
            The keys of the layers that are complete.
        """
        done: dict[str, Written] = {}
        for layer in wanted:
            written = self.marked(layer.key)
            if written is not None and all(record.is_whole(self.tree) for record in written.files):
                done[layer.key] = written
            else:
                self.beginnings.set_aside(layer)
        self._sweep({self.tree / record.path for written in done.values() for record in written.files})
        for written in done.values():
            for name in written.directories:
                (self.tree / name).mkdir(parents=True, exist_ok=True)
        return set(done)

    def _sweep(self, kept: set[Path]) -> None:
        for directory, _, names in os.walk(self.tree, topdown=False):
            for name in names:
                path = Path(directory, name)
                if path not in kept:
                    path.unlink()
            if Path(directory) != self.tree:
                with suppress(OSError):  # not empty: something in it is kept
                    Path(directory).rmdir()

    def _beat(self) -> None:
        while not self._closed.wait(BEAT_SECONDS):
            with suppress(OSError):  # a beat that cannot be written is an old beat, which is what readers act on
                os.utime(self.path / _ALIVE)  # without a time of ours: the volume's clock
