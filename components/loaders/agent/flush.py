"""Making files durable beside the load: a layer's next file, and the next layer, come while the disk is waited for."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from io import FileIO
from types import TracebackType
from typing import Final, Self

EARLY_BYTES: Final = 8 * 1024 * 1024
"""Written bytes after which the disk is set to work on them; else ``fsync`` finds most of a file still to write."""

OPEN_FILES: Final = 256
"""Files that are written and not yet durable, of all layers together; many processes may have 1024 (ulimit -n)."""


def write_back(descriptor: int, start: int, count: int) -> None:
    """Start writing pages to the disk without waiting for them (Linux ``mm/fadvise.c``, POSIX_FADV_DONTNEED).

    Those that are not written yet stay in memory, where the server that reads the model finds them.
    """
    if hasattr(os, "posix_fadvise"):  # not on macOS
        with suppress(OSError):  # advice only: ``fsync`` reports what cannot be written
            os.posix_fadvise(descriptor, start, count, os.POSIX_FADV_DONTNEED)


class Flusher:
    """Threads that wait for the disk, for all layers of one load.

    Files stay open until they are durable: only then does ``fsync`` surely report what the disk refused (Linux
    ``Documentation/filesystems/vfs.rst``, "Handling errors during writeback").

    Args:
        parallel: layers that are written at the same time.
    """

    def __init__(self, parallel: int) -> None:
        self.parallel = parallel
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="flush")
        self._most = max(1, OPEN_FILES // (2 * parallel))  # what waits to be handed on may not use up the room
        self._room = threading.BoundedSemaphore(OPEN_FILES)
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Wait for everything that was handed on: a layer that is whole is kept even if another one failed."""
        self._pool.shutdown(wait=True)

    def flushing(self) -> "Flushing":
        """Return what flushes the files of one layer."""
        return Flushing(self._pool, self._room, self._most, self)

    def failed(self, error: BaseException) -> None:
        """Remember that the disk refused something."""
        self._error = self._error or error

    def check(self) -> None:
        """Raise what the disk refused, if anything.

        Raises:
            OSError: of the file that could not be made durable.
        """
        if self._error is not None:
            raise self._error


class Flushing:
    """The files of one layer on their way to the disk.

    Small files go together: their pages are set on the way first, so that one wait is good for many.

    Args:
        pool: waits.
        room: for open files.
        most: files that are handed on together.
        flusher: knows what was refused.
    """

    def __init__(self, pool: ThreadPoolExecutor, room: threading.BoundedSemaphore, most: int, flusher: Flusher) -> None:
        self._pool = pool
        self._room = room
        self._most = most
        self._flusher = flusher
        self._files: list[FileIO] = []
        self._bytes = 0
        self._handed_on: list[Future[None]] = []

    def add(self, file: FileIO, size_bytes: int) -> None:
        """Take over a file that is written and not yet durable.

        Raises:
            OSError: another file of the load could not be made durable.
        """
        self._room.acquire()
        self._files.append(file)
        self._bytes += size_bytes
        if len(self._files) >= self._most or self._bytes >= EARLY_BYTES:
            self._hand_on()
        self._flusher.check()

    def finish(self, then: Callable[[], None]) -> Future[None]:
        """Have something done once every file is durable.

        Returns:
            The end of it; raises what the disk refused.
        """
        self._hand_on()
        return self._pool.submit(self._finish, then)

    def close(self) -> None:
        """Forget what was not handed on: the layer failed."""
        files, self._files = self._files, []
        for file in files:
            file.close()
            self._room.release()

    def _hand_on(self) -> None:
        files, self._files, self._bytes = self._files, [], 0
        if files:
            self._handed_on.append(self._pool.submit(self._flush, files))

    def _flush(self, files: list[FileIO]) -> None:
        try:
            if len(files) > 1:
                for file in files:
                    write_back(file.fileno(), 0, 0)  # 0 bytes stand for all
            for file in files:
                os.fsync(file.fileno())
        except BaseException as error:
            self._flusher.failed(error)
            raise
        finally:
            for file in files:
                file.close()
                self._room.release()

    def _finish(self, then: Callable[[], None]) -> None:
        # The pool takes its work in order: what was handed on before this has begun, so waiting cannot block it.
        for one in self._handed_on:
            one.result()
        then()
