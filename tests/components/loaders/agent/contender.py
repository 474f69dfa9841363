"""Contend for a lease in a process of its own: ``python contender.py DIRECTORY ROUNDS true-locks|lying-locks``.

With 0 rounds it takes the lease, makes the file ``held`` and sleeps until it is killed. With lying locks every process
believes that it has every lock and that every holder is on another machine, as on NFS mounted with ``nolock``.
"""

import os
import sys
import time
from pathlib import Path

from components.loaders.agent import lease, locks
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.logs import Log


def _granted(_: int) -> bool:
    return True


def _stranger() -> str:
    return f"machine-{os.getpid()}"


def main() -> int:
    """Count up in a file that only the holder may touch."""
    directory, rounds = Path(sys.argv[1]), int(sys.argv[2])
    if sys.argv[3] == "lying-locks":
        setattr(lease, "try_lock", _granted)  # noqa: B010  # a plain assignment would not pass the type checker
        setattr(locks, "machine", _stranger)  # noqa: B010  # the same
    log = Log(Path(os.devnull).open("w"))  # noqa: SIM115  # as long as the process lives
    inside, count = directory / "inside", directory / "count"
    for _ in range(rounds):
        mine = lease.Lease(directory, "x", log)
        mine.acquire(Deadline(100))
        with inside.open("x"):
            count.write_text(str(int(count.read_text()) + 1))
        inside.unlink()
        mine.check()
        mine.release()
    if not rounds:
        mine = lease.Lease(directory, "x", log)
        mine.acquire(Deadline(30))
        (directory / "held").touch()
        time.sleep(600)
    return 0


if __name__ == "__main__":
    sys.exit(main())
