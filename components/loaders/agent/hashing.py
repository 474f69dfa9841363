"""The digests a source may vouch for its bytes with."""

import hashlib
import queue
import threading
from typing import Final

from .errors import UnsupportedError

_PLAIN: Final = {"sha256": "sha256", "git-sha1": "sha1", "md5": "md5"}


class Checksum:
    """Computes a digest while bytes go by.

    Args:
        expected: ``<algorithm>:<hex>``; empty where nothing is promised.
        size: bytes there will be; a git blob's name covers it ("git-hash-object", object format).

    Raises:
        UnsupportedError: an unknown algorithm.
    """

    def __init__(self, expected: str, size: int) -> None:
        self.expected = expected
        self._algorithm = expected.partition(":")[0]
        if expected and self._algorithm not in _PLAIN:
            raise UnsupportedError(f"digest {expected!r} is of no kind this agent can check")
        # Neither SHA-1 nor MD5 guards against a forger; they are what git and S3 offer against damage.
        self._hash = hashlib.new(_PLAIN[self._algorithm], usedforsecurity=False) if expected else None
        if self._hash is not None and self._algorithm == "git-sha1":
            self._hash.update(f"blob {size}\0".encode())

    def update(self, data: bytes) -> None:
        """Take in bytes."""
        if self._hash is not None:
            self._hash.update(data)

    @property
    def found(self) -> str:
        """Digest of what was taken in, in the form of ``expected``."""
        return "" if self._hash is None else f"{self._algorithm}:{self._hash.hexdigest()}"


class HashingBeside:
    """Computes a digest in a thread of its own, while the bytes it takes in are written.

    Hashing releases the interpreter's lock (hashlib, above 2047 bytes).

    Args:
        checksum: belongs to the thread until ``found`` is asked for.
        pieces: most that wait; ``update`` waits for room, which bounds the memory.
    """

    def __init__(self, checksum: Checksum, pieces: int) -> None:
        self.expected = checksum.expected
        self._checksum = checksum
        self._waiting: queue.Queue[bytes | None] = queue.Queue(pieces)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="hashing")
        self._thread.start()

    def update(self, data: bytes) -> None:
        """Take in bytes, which nobody may change afterwards."""
        self._waiting.put(data)

    @property
    def found(self) -> str:
        """Digest of everything that was taken in; nothing more can be. Raises what hashing raised."""
        self.close()
        if self._error is not None:
            raise self._error
        return self._checksum.found

    def close(self) -> None:
        """End the thread once it has hashed what waits."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _run(self) -> None:
        try:
            while (data := self._waiting.get()) is not None:
                self._checksum.update(data)
        except BaseException as error:  # noqa: BLE001  # every kind belongs to whoever asks for the digest
            self._error = error
            while self._waiting.get() is not None:
                pass  # whoever writes meanwhile must not wait for room
