"""Runs the command lines that make local clusters; used inside the dynamic provider, so standard library only."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CLONE: Final = Path(__file__).resolve().parents[2]
"""The directory of ``Pulumi.yaml``."""

_SHOWN_LINES: Final = 15


class LocalClusterError(Exception):
    """A local cluster cannot be made, found or removed; the text says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A command that ended."""

    code: int
    output: str
    errors: str


def run(
    arguments: Sequence[str],
    *,
    stdin: str = "",
    timeout_seconds: float = 600,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run a command in the clone and return what it said.

    Args:
        arguments: program and arguments; never a secret.
        stdin: text for its standard input.
        timeout_seconds: time it may take.
        environment: its whole environment; None = this process's.

    Raises:
        LocalClusterError: the program is missing or takes too long.
    """
    try:
        done = subprocess.run(
            list(arguments),
            input=stdin,
            capture_output=True,
            text=True,
            cwd=CLONE,
            env=None if environment is None else dict(environment),
            timeout=timeout_seconds,
            check=False,
        )
    except FileNotFoundError:
        raise LocalClusterError(f"the program {arguments[0]} is not on PATH; install it or add its directory") from None
    except subprocess.TimeoutExpired:
        message = f"`{' '.join(arguments)}` did not end within {timeout_seconds:.0f} s; run it by hand to see why"
        raise LocalClusterError(message) from None
    return Finished(code=done.returncode, output=done.stdout, errors=done.stderr)


def failed(arguments: Sequence[str], finished: Finished) -> LocalClusterError:
    """Return the error for a command that ended badly: its last words, never its standard output (a kubeconfig)."""
    words = "\n".join(finished.errors.strip().splitlines()[-_SHOWN_LINES:]) or "it said nothing"
    return LocalClusterError(f"`{' '.join(arguments)}` ended with exit code {finished.code}:\n{words}")
