"""``once`` and ``preload``: one pinned version."""

from .bring import Model, counted, patiently
from .deadline import Deadline


def once(model: Model, deadline: Deadline) -> None:
    """Load the version that the reference pins, and make it current.

    Raises:
        AgentError: it cannot be had; what was current before still is.
    """
    reference = model.source.reference
    model.metrics.desires(model.shown(reference))
    with counted(model.metrics):
        load = model.loading(model.pinned(reference, deadline), reference, model.store(deadline), deadline)
        outcome = load.run()
    model.metrics.attempt(outcome.result, outcome.seconds)
    model.metrics.serves(model.shown(reference))
    model.log.info(
        "done",
        result=outcome.result,
        reference=reference,
        path=str(model.load.into / model.load.link),
        moved_bytes=outcome.moved_bytes,
        seconds=round(outcome.seconds, 3),
    )


def preload(model: Model, deadline: Deadline) -> None:
    """The same for a Job, which nobody restarts for ever: a source that is down is waited for until the deadline."""
    patiently("preload", lambda part: once(model, part), deadline, model.log)
