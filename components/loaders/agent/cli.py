"""From the command line to an exit code."""

import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType

from .arguments import Arguments, parse_arguments
from .deadline import Deadline
from .errors import AgentError
from .load import Load, LoadSettings
from .logs import Log
from .sources import pinned_source
from .store import Store


def _once(arguments: Arguments, deadline: Deadline, log: Log) -> None:
    options = arguments.load
    settings = LoadSettings(
        reference=arguments.source.reference,
        keep_previous=options.keep_previous,
        parallel=options.parallel,
        max_layer_bytes=options.max_layer_bytes,
    )
    store = Store(options.into, options.link, deadline, log)
    outcome = Load(pinned_source(arguments.source, deadline, log), store, deadline, log, settings).run()
    log.info(
        "done",
        result=outcome.result,
        reference=arguments.source.reference,
        path=str(options.into / options.link),
        moved_bytes=outcome.moved_bytes,
        seconds=round(outcome.seconds, 3),
    )


@contextmanager
def _stopping_on_signals(deadline: Deadline) -> Generator[None]:
    """Let SIGTERM and SIGINT end the load at its next step, so that what was moved is kept for the next run."""

    def stop(number: int, _frame: FrameType | None) -> None:
        deadline.stop(signal.Signals(number).name)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
        log = Log(verbose=arguments.load.verbose)
        deadline = Deadline(arguments.load.deadline_seconds)

        with _stopping_on_signals(deadline):
            _once(arguments, deadline, log)
    except AgentError as error:
        log.failure("failed", error=type(error).__name__, exit_code=error.exit_code, why=str(error))
        return error.exit_code
    return 0
