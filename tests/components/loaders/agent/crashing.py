"""Run the agent and kill the process at one of its steps: ``python crashing.py STEP_NUMBER LOG_FILE arguments…``.

The steps are the points the agent's own log knows; the kill is put there from outside, the product has no such switch.
"""

import os
import signal
import sys
from pathlib import Path

from components.loaders.agent import cli, deadline
from components.loaders.agent.logs import Log


def main() -> int:
    """Count steps, note their names, kill at the wanted one; 0 kills at none."""
    wanted, record = int(sys.argv[1]), Path(sys.argv[2])
    seen: list[str] = []

    def step(_self: Log, name: str, **_fields: object) -> None:
        seen.append(name)
        record.write_text("\n".join(seen))
        if len(seen) == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(Log, "step", step)  # noqa: B010  # a plain assignment would have to repeat the parameter names
    deadline.BASE_SECONDS = 0.001  # pyright: ignore[reportAttributeAccessIssue]  # short pauses for the tests
    return cli.main(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
