"""From the command line to an exit code."""

import os
import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

from .arguments import Arguments, ModelArguments, WaitArguments, parse_arguments
from .deadline import Deadline
from .errors import AgentError
from .logs import Log
from .wait import wait

UMASK: Final = 0o022
"""Servers read as another user, whatever umask the image has."""


@contextmanager
def _stopping_on_signals(deadline: Deadline) -> Generator[None]:
    """Let SIGTERM and SIGINT end the work at its next step, so that what was moved is kept for the next run."""

    def stop(number: int, _frame: FrameType | None) -> None:
        # In a thread: the handler may interrupt the main thread while that holds the very lock that stopping needs.
        threading.Thread(target=deadline.stop, args=(signal.Signals(number).name,), daemon=True).start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _umask() -> Generator[None]:
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


def _run(arguments: Arguments, log: Log) -> None:
    if isinstance(arguments, WaitArguments):
        deadline = Deadline(arguments.deadline_seconds)
        with _stopping_on_signals(deadline):
            wait(arguments.into, arguments.link, arguments.key, arguments.checks, deadline, log)
        return
    ends = isinstance(arguments, ModelArguments) and arguments.command != "watch"
    deadline = Deadline(arguments.load.deadline_seconds if ends else float("inf"))
    with _stopping_on_signals(deadline):
        # Each command imports its own: in a pod nothing is compiled ahead, so every module costs start-up time.
        if not isinstance(arguments, ModelArguments):
            from .longrunning import run_cache

            run_cache(arguments, deadline, log)
        elif arguments.command == "watch":
            from .longrunning import run_watch

            run_watch(arguments, deadline, log)
        else:
            from .services import run_model

            run_model(arguments, deadline, log)


def main(argv: Sequence[str]) -> int:
    """Run the agent.

    Args:
        argv: arguments without the program's name.

    Returns:
        0 if the model is whole and current, else the error's exit code (see ``errors``).
    """
    log = Log()
    try:
        arguments = parse_arguments(argv)
        log = Log(verbose=arguments.verbose if isinstance(arguments, WaitArguments) else arguments.load.verbose)
        with _umask():
            _run(arguments, log)
    except AgentError as error:
        log.failure("failed", error=type(error).__name__, exit_code=error.exit_code, why=str(error))
        return error.exit_code
    return 0
