"""From checked arguments to a command that ends."""

from .arguments import ModelArguments
from .bring import Model
from .deadline import Deadline
from .logs import Log
from .metrics import Metrics
from .once import once, preload
from .plan import TreeCheck
from .signatureoptions import SignatureOptions
from .sources import tracked
from .sync import sync_or_once
from .textfile import carry_over, write_textfile


def run_model(arguments: ModelArguments, deadline: Deadline, log: Log) -> None:
    """Run a command that ends: ``once``, ``preload`` or ``sync``. Metrics are written however it ends.

    Raises:
        AgentError: it failed.
    """
    model = model_of(arguments, log)
    metrics = model.metrics
    file = arguments.run.metrics_file
    if file is not None:
        carry_over(file, metrics)
    try:
        match arguments.command:
            case "preload":
                preload(model, deadline)
            case "sync":
                name = None if model.is_pinned else tracked(arguments.source, log)
                sync_or_once(model, name, deadline)
            case _:
                once(model, deadline)
    finally:
        if file is not None:
            write_textfile(file, [metrics], log)


def model_of(arguments: ModelArguments, log: Log) -> Model:
    """Return what is loaded, with its metrics."""
    return Model(
        source=arguments.source,
        checks=lambda deadline: checks_of(arguments.signature, deadline),
        load=arguments.load,
        metrics=Metrics(arguments.run.model),
        log=log,
    )


def checks_of(options: SignatureOptions, deadline: Deadline) -> tuple[TreeCheck, ...]:
    """Return what a tree must pass."""
    if not options.keys:
        return ()
    from .signature import tree_checks  # its arithmetic costs start-up time where nothing is compiled ahead

    return tree_checks(options, deadline)
