"""Run the agent and kill the process at one of its steps: ``python crashing.py STEP_NUMBER LOG_FILE arguments…``.

The steps are the points the agent's own log knows; the kill is put there from outside, the product has no such switch.
With ``LYING_LOCKS_SECONDS`` in the environment every file lock is granted and every holder seems to be on another
machine, as on NFS mounted with ``nolock``; the value is the length of a lease.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from components.loaders.agent import cli, deadline, lease, locks, staging
from components.loaders.agent.logs import Log


def lie_about_locks(lease_seconds: float) -> None:
    """Make this process see locks as a machine of its own would on such a volume."""

    def granted(_: int) -> bool:
        return True

    def stranger() -> str:
        return f"machine-{os.getpid()}"

    for module, name, value in (
        (lease, "try_lock", granted),
        (staging, "try_lock", granted),
        (locks, "machine", stranger),
        (lease, "LEASE_SECONDS", lease_seconds),
        (lease, "BEAT_SECONDS", lease_seconds / 6),
        (lease, "HOLD_SECONDS", lease_seconds * 2 / 3),
    ):
        setattr(module, name, value)


def main() -> int:
    """Count steps, note their names, kill at the wanted one; 0 kills at none."""
    wanted, record = int(sys.argv[1]), Path(sys.argv[2])
    seen: list[str] = []
    one_at_a_time = threading.Lock()

    def step(_self: Log, name: str, **_fields: object) -> None:
        with one_at_a_time:
            seen.append(name)
            record.write_text("\n".join(seen))
            if len(seen) == wanted:
                os.kill(os.getpid(), signal.SIGKILL)

    setattr(Log, "step", step)  # noqa: B010  # a plain assignment would have to repeat the parameter names
    deadline.BASE_SECONDS = 0.001  # pyright: ignore[reportAttributeAccessIssue]  # short pauses for the tests
    if seconds := os.environ.get("LYING_LOCKS_SECONDS"):
        lie_about_locks(float(seconds))
    return cli.main(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
