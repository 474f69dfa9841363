"""Help for tests that run the agent in processes of their own."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[4]
"""The repository, for ``PYTHONPATH``."""

WAIT_SECONDS: Final = 30.0


def wait_for(condition: Callable[[], bool], what: str = "it") -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {WAIT_SECONDS:g} s"
        time.sleep(0.005)
