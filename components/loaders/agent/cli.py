"""From the command line to an exit code."""

import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType

from .arguments import Arguments, parse_arguments
from .authorizer import Authorizer
from .credentials import DockerConfig
from .deadline import Deadline
from .errors import AgentError
from .logs import Log
from .modelkit import ModelKitSource
from .oci import OciSource
from .once import Once, OnceSettings
from .plan import Source
from .registry import Registry
from .store import Store
from .transport import Transport


def _once(arguments: Arguments, deadline: Deadline, log: Log) -> None:
    plain_http = arguments.plain_http or any(base.startswith("http://") for base in arguments.mirrors.values())
    transport = Transport(arguments.ca_file, deadline, plain_http=plain_http)
    authorizer = Authorizer(DockerConfig(arguments.registry_config), transport, deadline)
    registry = Registry(transport, authorizer, deadline, log, arguments.mirrors, plain_http=arguments.plain_http)
    settings = OnceSettings(
        reference=str(arguments.reference),
        keep_previous=arguments.keep_previous,
        parallel=arguments.parallel,
        max_layer_bytes=arguments.max_layer_bytes,
    )
    store = Store(arguments.into, arguments.link, deadline, log)
    outcome = Once(_source(arguments, registry), store, registry, deadline, log, settings).run()
    log.info(
        "done",
        result=outcome.result,
        reference=str(arguments.reference),
        path=str(arguments.into / arguments.link),
        moved_bytes=outcome.moved_bytes,
        seconds=round(outcome.seconds, 3),
    )


def _source(arguments: Arguments, registry: Registry) -> Source:
    match arguments.source:
        case "modelkit":
            return ModelKitSource(registry, arguments.reference, arguments.filters)
        case "oci":
            return OciSource(registry, arguments.reference)


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
        log = Log(verbose=arguments.verbose)
        deadline = Deadline(arguments.deadline_seconds)

        with _stopping_on_signals(deadline):
            _once(arguments, deadline, log)
    except AgentError as error:
        log.failure("failed", error=type(error).__name__, exit_code=error.exit_code, why=str(error))
        return error.exit_code
    return 0
