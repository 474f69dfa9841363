"""Memory as on a node that has run for a while: full of pages that were read once and may go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PIECE_BYTES = 1 << 20


def memory_bytes() -> int:
    """Return the size of this machine's memory."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def free_bytes() -> int:
    """Return how much of it nobody uses, not even the page cache."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


class Ballast:
    """A file of holes, as large as memory, that is read round and round.

    The host of a virtual machine may take pages that are free and give others at their first touch, which takes longer
    than writing to them (Linux ``mm/page_reporting.c``). With free memory as it comes, ``dd`` of 2 GiB took
    1.7 s behind somebody who had just freed as much and 6 s otherwise. Where memory is full, pages are used again.

    Args:
        path: where the file is made; it takes no room.
        memory_bytes: size of memory.
        free_bytes: says how much of it is free.
    """

    def __init__(self, path: Path, memory_bytes: int, free_bytes: Callable[[], int]) -> None:
        self._path = path
        self._memory_bytes = memory_bytes
        self._free_bytes = free_bytes
        self._at = 0
        self._is_full = False

    def fill(self, freed_bytes: int) -> int:
        """Read as much as there is memory at first, later what is free, or twice what was freed; return what came.

        The kernel keeps some memory free, so that what is free now says too little about what a load will meet.
        """
        count = max(2 * freed_bytes, self._free_bytes()) if self._is_full else self._memory_bytes
        with self._path.open("ab") as file:
            file.truncate(self._memory_bytes)
        piece, came = bytearray(_PIECE_BYTES), 0
        with self._path.open("rb", buffering=0) as file:
            for _ in range(0, count, _PIECE_BYTES):
                file.seek(self._at)
                came += file.readinto(piece) or 0
                self._at = (self._at + _PIECE_BYTES) % self._memory_bytes
        self._is_full = True
        return came
