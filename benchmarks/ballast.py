"""Memory as on a node that has run for a while: full of pages that were read once and may go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PIECE_BYTES = 1 << 20


class Ballast:
    """A file of holes, as large as memory, that is read round and round.

    The host of a virtual machine may take pages that are free and give others at their first touch, which takes longer
    than writing to them (virtio 1.2, 5.5.6.7 "Free Page Reporting"). With free memory as it comes, ``dd`` of 2 GiB took
    1.7 s behind somebody who had just freed as much and 6 s otherwise. Where memory is full, pages are used again.

    Args:
        path: where the file is made; it takes no room.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        self._at = 0
        self._is_full = False

    def fill(self, freed_bytes: int) -> None:
        """Read as much as there is memory at first, later twice what was freed since."""
        count = 2 * freed_bytes if self._is_full else self._memory_bytes
        with self._path.open("ab") as file:
            file.truncate(self._memory_bytes)
        piece = bytearray(_PIECE_BYTES)
        with self._path.open("rb", buffering=0) as file:
            for _ in range(0, count, _PIECE_BYTES):
                file.seek(self._at)
                file.readinto(piece)
                self._at = (self._at + _PIECE_BYTES) % self._memory_bytes
        self._is_full = True
