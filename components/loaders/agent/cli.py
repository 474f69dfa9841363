"""From the command line to an exit code."""

import os
import signal
import socket
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

from .arguments import Arguments, ModelArguments, WaitArguments, parse_arguments
from .deadline import Deadline
from .errors import AgentError, StoppedError
from .logs import Log
from .wait import wait

_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT})

UMASK: Final = 0o022
"""Servers read as another user, whatever umask the image has."""


@contextmanager
def stopping_on_signals(deadline: Deadline) -> Generator[None]:
    """Let SIGTERM and SIGINT end the work at its next step, so that what was moved is kept for the next run.

    Handlers run in the main thread, and one whose signal comes just before that thread waits for another runs only when
    the wait is over. What is written to the wakeup descriptor is written at once (Python library reference,
    ``signal.set_wakeup_fd``), so a thread of its own reads it there.
    """
    told, tells = socket.socketpair()
    tells.settimeout(0)  # does not block, as ``set_wakeup_fd`` demands

    def listen() -> None:
        while numbers := told.recv(16):
            for number in _SIGNALS.intersection(numbers):
                deadline.stop(signal.Signals(number).name)

    listener = threading.Thread(target=listen, daemon=True, name="signals")
    listener.start()
    before = {number: signal.signal(number, _noted) for number in _SIGNALS}
    descriptor = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(descriptor)
        for number, handler in before.items():
            signal.signal(number, handler)
        tells.close()
        listener.join()
        told.close()


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: only signals that have a handler are written to the wakeup descriptor."""


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
        with stopping_on_signals(deadline):
            wait(arguments.into, arguments.link, arguments.key, arguments.checks, deadline, log)
        return
    ends = isinstance(arguments, ModelArguments) and arguments.command != "watch"
    deadline = Deadline(arguments.load.deadline_seconds if ends else float("inf"))
    with stopping_on_signals(deadline):
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
    except StoppedError as error:
        log.info("stopped", exit_code=error.exit_code, why=str(error))  # every pod ends like this: no error
        return error.exit_code
    except AgentError as error:
        log.failure("failed", error=type(error).__name__, exit_code=error.exit_code, why=str(error))
        return error.exit_code
    return 0
