"""What fills memory before a load reads as much as it should and takes no room on the disk."""

from pathlib import Path
from typing import Final

from benchmarks.ballast import Ballast, free_bytes, memory_bytes

MIB: Final = 1 << 20


def test_memory_first_then_what_is_free_or_twice_what_was_freed(tmp_path: Path) -> None:
    free = [0, 0, 0, 7 * MIB, 5 * MIB]
    ballast = Ballast(tmp_path / "ballast", 8 * MIB, lambda: free.pop(0))

    assert ballast.fill(MIB) == 8 * MIB
    assert [ballast.fill(3 * MIB) for _ in range(5)] == [6 * MIB, 6 * MIB, 6 * MIB, 7 * MIB, 6 * MIB], "round and round"

    status = (tmp_path / "ballast").stat()
    assert (status.st_size, status.st_blocks) == (8 * MIB, 0)


def test_memory_of_this_machine() -> None:
    assert memory_bytes() > free_bytes() > 0
