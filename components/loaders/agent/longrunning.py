"""From checked arguments to a command that goes on until it is told to stop."""

from collections.abc import Callable
from dataclasses import replace

from .adapters import NoAdapter, make_adapter
from .arguments import CacheArguments, ModelArguments, parse_listed
from .bring import Model
from .cache import Cache
from .cacheoptions import Listed, ListFile
from .deadline import Deadline
from .errors import AgentError, UsageError
from .health import Pulse, serving
from .logs import Log
from .metrics import Metrics, exposition
from .plan import Tracked
from .runoptions import RunOptions
from .services import checks_of, model_of
from .sources import tracked
from .textfile import write_textfile
from .watch import Watch


def run_watch(arguments: ModelArguments, stopping: Deadline, log: Log) -> None:
    """Run ``watch``.

    Raises:
        AgentError: the first version cannot be had, or ``StoppedError``.
    """
    model = model_of(arguments, log)
    metrics = model.metrics
    pulse = Pulse()
    adapter = NoAdapter() if arguments.adapter is None else make_adapter(arguments.adapter, log)
    watch = Watch(model, _name_to_follow(model), adapter, stopping, pulse)
    with serving(
        arguments.run.listen, alive=pulse.problem, ready=watch.problem, metrics=lambda: exposition([metrics])
    ) as port:
        log.info("watching", reference=arguments.source.reference, port=port)
        watch.run(arguments.run.interval_seconds, _after_each_turn(arguments.run, lambda: [metrics], log))


def run_cache(arguments: CacheArguments, stopping: Deadline, log: Log) -> None:
    """Run ``cache``.

    Raises:
        AgentError: the list cannot be used, or ``StoppedError``.
    """

    def refused(error: AgentError) -> None:
        log.failure("list-refused", why=str(error))

    def opened(listed: Listed, metrics: Metrics) -> tuple[Model, Tracked | None]:
        source, signature = parse_listed(listed.args)
        model = Model(
            source=source,
            checks=checks_of(source, signature, log),
            load=replace(arguments.load, into=arguments.load.into / listed.name),
            metrics=metrics,
            log=log,
        )
        return model, None if model.is_pinned else tracked(source, log)

    pulse = Pulse()
    models = ListFile(arguments.models, refused)
    cache = Cache(arguments.load.into, models, arguments.load.keep_seconds, opened, stopping, log)
    cache.take(models.read())
    with serving(
        arguments.run.listen,
        alive=pulse.problem,
        ready=cache.problem,
        metrics=lambda: exposition(cache.metrics()),
    ) as port:
        log.info("caching", models=str(arguments.models), port=port)
        cache.run(arguments.run.interval_seconds, pulse, _after_each_turn(arguments.run, cache.metrics, log))


def _name_to_follow(model: Model) -> Tracked | None:
    """Return the name, or None where a pinned reference names nothing that moves: that version is served for ever.

    Raises:
        UsageError: there is neither a pin nor a name.
    """
    try:
        return tracked(model.source, model.log)
    except UsageError as error:
        if not model.is_pinned:
            raise
        model.log.warning("nothing-to-follow", why=str(error))
        return None


def _after_each_turn(options: RunOptions, several: Callable[[], list[Metrics]], log: Log) -> Callable[[], None]:
    def write() -> None:
        if options.metrics_file is not None:
            write_textfile(options.metrics_file, several(), log)

    return write
