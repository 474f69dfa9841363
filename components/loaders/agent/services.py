"""From checked arguments to a command that ends."""

from collections.abc import Callable

from .arguments import ModelArguments
from .bring import Model
from .checks import NO_CHECKS, Checks
from .deadline import Deadline
from .logs import Log
from .metrics import Metrics
from .once import once, preload
from .signatureoptions import SignatureOptions
from .sourceoptions import SourceOptions
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
        checks=checks_of(arguments.source, arguments.signature, log),
        load=arguments.load,
        metrics=Metrics(arguments.run.model),
        log=log,
    )


def checks_of(source: SourceOptions, options: SignatureOptions, log: Log) -> Callable[[Deadline], Checks]:
    """Return what makes the checks of one load: keys are read anew for each."""

    def make(deadline: Deadline) -> Checks:
        if not options.keys:
            return NO_CHECKS
        if options.kind == "cosign":
            # Imported here: arithmetic and registry cost start-up time where nothing is compiled ahead.
            from .cosign import CosignCheck
            from .registrysources import registry_of
            from .trustedkeys import read_keys

            return Checks(plan=(CosignCheck(registry_of(source, deadline, log), read_keys(options.keys), deadline),))
        from .signature import tree_checks

        return Checks(tree=tree_checks(options, deadline))

    return make
