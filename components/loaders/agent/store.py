"""The store on disk: complete versions under their digest, one link that says which is current.

``<into>/current`` → ``.store/<key>``; ``.store/<key>.json`` tells what it is; ``.store/<key>.tmp-<id>/`` grows;
``.store/.trash-<id>`` is being removed. Every state change is one rename on one file system.
"""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from . import jsonread
from .deadline import Deadline
from .errors import DiskError, UnsupportedError
from .lease import Lease, volume_seconds
from .logs import Log
from .records import Written, layers_of
from .staging import Staging, claim, staging_directories
from .tree import DIRECTORY_MODE, sync_directories, sync_directory, write_durably

RESERVE_BYTES: Final = 64 * 1024 * 1024
"""Free space that must stay after a load, for receipts and whatever else lives on the volume."""

_MARK: Final = ".tmp-"
_LINK: Final = ".link-"
_TRASH: Final = ".trash-"
_RECEIPT_SUFFIX: Final = ".json"


class Store:
    """Versions below one directory.

    Args:
        into: directory that readers see.
        link: name of the link to the current version.
        deadline: bounds waiting for locks.
        log: told about every change.
    """

    def __init__(self, into: Path, link: str, deadline: Deadline, log: Log) -> None:
        self._into = into
        self._link = into / link
        self._root = into / ".store"
        self._deadline = deadline
        self._log = log
        self._leases: dict[str, Lease] = {}

    @property
    def link(self) -> Path:
        """The link to the current version."""
        return self._link

    def prepare(self) -> None:
        """Make the store's directory and see at once whether it can be written."""
        for directory in (self._into, self._root):
            if not directory.is_dir():
                directory.mkdir(parents=True, exist_ok=True)
                directory.chmod(DIRECTORY_MODE)  # whatever the umask: readers may have another user
        probe = self._root / ".probe"
        probe.touch()
        probe.unlink(missing_ok=True)

    def has(self, key: str) -> bool:
        """Return whether a complete version is there; its name appears by one rename, after everything is durable."""
        return bool(key) and (self._root / key).is_dir()

    def path(self, key: str) -> Path:
        """Return the directory of a version."""
        return self._root / key

    def checks_passed(self, key: str) -> frozenset[str]:
        """Return the names of the checks that a version passed, from its receipt."""
        try:
            receipt = jsonread.document((self._root / f"{key}{_RECEIPT_SUFFIX}").read_bytes(), "receipt")
            names = jsonread.items(receipt.get("checks"), "receipt checks")
        except (OSError, UnsupportedError):
            return frozenset()
        return frozenset(name for name in names if isinstance(name, str))

    def note_checks(self, key: str, names: Collection[str]) -> None:
        """Add checks that a version passed after it was made, so that it need not be read again for them.

        A receipt that cannot be read or written stays as it is: then the version is checked again next time.
        """
        where = self._root / f"{key}{_RECEIPT_SUFFIX}"
        with suppress(OSError, UnsupportedError):
            receipt = jsonread.document(where.read_bytes(), "receipt")
            receipt["checks"] = sorted(self.checks_passed(key) | set(names))
            self.fence()
            write_durably(where, json.dumps(receipt, indent=1).encode())

    def versions(self) -> Generator[tuple[Path, dict[str, Written]]]:
        """Yield the directory of every complete version that has a readable receipt, and its layers by key."""
        for receipt in sorted(self._root.glob(f"sha256-*{_RECEIPT_SUFFIX}")):
            tree = receipt.with_name(receipt.name.removesuffix(_RECEIPT_SUFFIX))
            with suppress(OSError, UnsupportedError):
                layers = layers_of(jsonread.document(receipt.read_bytes(), receipt.name))
                if tree.is_dir():
                    yield tree, layers

    @contextmanager
    def lock(self, name: str) -> Generator[None]:
        """Hold the right to make, switch to or remove one version, or another right that has a name."""
        lease = Lease(self._root, name, self._log)
        lease.acquire(self._deadline)
        self._leases[name] = lease
        try:
            yield
        finally:
            del self._leases[name]
            lease.release()

    def fence(self) -> None:
        """Make sure that every right which is held still holds.

        Raises:
            LockError: this process was stalled, and another one may have gone on.
        """
        for lease in self._leases.values():
            lease.check()

    @contextmanager
    def _unused(self, key: str) -> Generator[bool]:
        """Hold the right to a version if no one else does, without waiting; yield whether it is held."""
        lease = Lease(self._root, key, self._log)
        try:
            yield lease.try_acquire()
        finally:
            lease.release()

    def free_bytes(self) -> int:
        """Return the space an ordinary user may still write."""
        state = os.statvfs(self._root)
        return state.f_bavail * state.f_frsize

    @contextmanager
    def staging(self, key: str) -> Generator[Staging]:
        """Own a staging directory for one version: a crashed run's if there is one, else a new one."""
        staging = Staging(self._root, key)
        try:
            adopted = staging.open()
            self._log.step("staging-open", key=key, adopted=adopted)
            yield staging
        finally:
            staging.close()

    def discard(self, path: Path) -> None:
        """Remove a directory of ours: first its name, in one step, then its content."""
        trash = self._root / f"{_TRASH}{uuid.uuid4().hex[:12]}"
        with suppress(FileNotFoundError):
            path.rename(trash)
            self._log.step("renamed-to-trash", path=str(path))
            shutil.rmtree(trash, ignore_errors=True)

    def commit(self, key: str, staging: Staging, receipt: Mapping[str, object]) -> None:
        """Make a staged tree a version. Another process that was first wins; its tree is the same."""
        sync_directories(staging.tree)
        self._log.step("tree-synced", key=key)
        write_durably(staging.path / _RECEIPT_SUFFIX, json.dumps(receipt, indent=1).encode())
        self.fence()
        (staging.path / _RECEIPT_SUFFIX).replace(self._root / f"{key}{_RECEIPT_SUFFIX}")
        self._log.step("receipt-written", key=key)
        try:
            staging.tree.rename(self._root / key)
        except OSError:
            if not self.has(key):
                raise
        self._log.step("version-renamed", key=key)
        sync_directory(self._root)
        self.discard(staging.path)

    def is_current(self, key: str) -> bool:
        """Return whether the link points at this version already."""
        return self.has(key) and self._link.is_symlink() and os.readlink(self._link) == self._target(key)  # noqa: PTH115  # text

    def switch(self, key: str) -> bool:
        """Point the link at a version, in one rename.

        Returns:
            Whether it pointed elsewhere before.

        Raises:
            DiskError: something that is not our link has its name, or the version has just been removed.
        """
        if self.is_current(key):
            return False
        if not self.has(key):
            raise DiskError(f"{self._root / key} vanished before the switch; run again")
        fresh = self._root / f"{_LINK}{key}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self._target(key))
        self._log.step("link-made", key=key)
        before = self.current()
        try:
            self.fence()
            fresh.replace(self._link)
        except FileNotFoundError:
            if not self.is_current(key):  # without locks another loader may have put its equal link there
                raise
        except IsADirectoryError as error:
            fresh.unlink()
            raise DiskError(f"{self._link} is a directory, not the loader's link; move it away") from error
        self._log.step("switched", key=key)
        sync_directory(self._into)
        if before:
            self.touch(before)  # it was in use until now
        return True

    def current(self) -> str:
        """Return the key of the complete version that the link names, or an empty text."""
        with suppress(OSError):
            key = Path(os.readlink(self._link)).name  # noqa: PTH115  # text
            if self.is_current(key):
                return key
        return ""

    def touch(self, key: str) -> None:
        """Note that a version is in use now, as far as the volume lets us write."""
        with suppress(OSError):
            os.utime(self._root / key)

    def _target(self, key: str) -> str:
        return f"{self._root.name}/{key}"

    def clean_leftovers(self, but: str) -> None:
        """Remove trash and what crashed runs of other versions left.

        Args:
            but: version whose leftovers stay, to be taken over.
        """
        for path in self._root.glob(f"{_TRASH}*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in self._root.glob(".clock-*"):
            path.unlink(missing_ok=True)  # whoever uses it has it open
        for path in self._root.glob(f"{_LINK}*"):
            with self._unused(path.name.removeprefix(_LINK)) as unused:
                if unused:
                    path.unlink(missing_ok=True)
        for path in staging_directories(self._root):
            if path.name.startswith(f"{but}{_MARK}"):
                continue
            descriptor = claim(path)
            if descriptor is not None:
                self._log.info("removed-leftover", path=str(path))
                self.discard(path)
                os.close(descriptor)

    def prune(self, keep_previous: int, keep_seconds: float = 0, retire: Callable[[str], None] | None = None) -> None:
        """Remove versions that no link names, that are not among the newest and that were not in use lately.

        Pods that only read cannot lock what they read. So every loader touches the version it is asked for when it
        starts and when it switches, and what was touched lately stays.

        Args:
            keep_previous: versions kept beside those a link names, newest first.
            keep_seconds: time a version stays after it was last touched, by the volume's clock.
            retire: called with a version's key before its files go; what it raises keeps the version.
        """
        idle = [path for path in self._root.glob("sha256-*") if path.is_dir() and _MARK not in path.name]
        idle = [path for path in idle if path.name not in self._linked()]
        idle.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        if not idle[keep_previous:]:
            return
        now = volume_seconds(self._root)
        for path in idle[keep_previous:]:
            if keep_seconds and now - path.stat().st_mtime < keep_seconds:
                continue
            with self._unused(path.name) as unused:
                if unused and path.name not in self._linked():
                    if retire is not None:
                        retire(path.name)
                    self._log.info("removed-version", path=str(path))
                    self.discard(path)
                    (self._root / f"{path.name}{_RECEIPT_SUFFIX}").unlink(missing_ok=True)

    def staging_bytes(self) -> int:
        """Return the size of what is growing or was left behind by crashed runs."""
        total = 0
        for staging in staging_directories(self._root):
            for directory, _, names in os.walk(staging):
                for name in names:
                    with suppress(OSError):  # moved or removed meanwhile
                        total += os.lstat(Path(directory, name)).st_size
        return total

    def reference(self, key: str) -> str:
        """Return what a version was loaded as, from its receipt; empty if that cannot be read."""
        with suppress(OSError, UnsupportedError):
            receipt = jsonread.document((self._root / f"{key}{_RECEIPT_SUFFIX}").read_bytes(), "receipt")
            return jsonread.text(receipt.get("reference"), "receipt reference")
        return ""

    def _linked(self) -> set[str]:
        links = [path for path in self._into.iterdir() if path.is_symlink()]
        return {Path(os.readlink(link)).name for link in links}  # noqa: PTH115  # text
