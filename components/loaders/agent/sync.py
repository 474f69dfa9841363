"""``sync``: one look at a name that may move; a load and a switch if it moved."""

from .bring import Model, counted
from .deadline import Deadline
from .errors import NetworkError
from .load import disk_errors
from .once import once
from .plan import Latest, Tracked
from .retry import retrying


def sync(model: Model, tracked: Tracked, deadline: Deadline) -> None:
    """Bring the store up to date. Of several at once one works and the others wait, then find it done.

    Raises:
        AgentError: the name cannot be asked, or its version cannot be had; what was current before still is.
    """
    store = model.store(deadline)
    with counted(model.metrics):
        with disk_errors():
            store.prepare()
        # The lease spans look and switch: an older look must not switch after a newer one.
        with store.lock(f"sync-{model.load.link}"):
            latest = retrying("look", lambda: first_answer(tracked, deadline), deadline, model.log)
            model.metrics.desires(model.shown(latest.reference))
            outcome = model.loading(latest.source, latest.reference, store, deadline).run()
    model.metrics.attempt(outcome.result, outcome.seconds)
    model.metrics.serves(model.shown(latest.reference))
    model.log.info(
        "done",
        result=outcome.result,
        reference=latest.reference,
        path=str(store.link),
        moved_bytes=outcome.moved_bytes,
        seconds=round(outcome.seconds, 3),
    )


def first_answer(tracked: Tracked, deadline: Deadline) -> Latest:
    """Ask without a token, which has an answer always.

    Raises:
        NetworkError: the source says that nothing changed since nothing.
    """
    latest = tracked.latest("", deadline)
    if latest is None:
        raise NetworkError("the source answers a first question with `not modified`")
    return latest


def sync_or_once(model: Model, tracked: Tracked | None, deadline: Deadline) -> None:
    """Look at the name, or load what is pinned where there is no name to look at."""
    if tracked is None:
        once(model, deadline)
    else:
        sync(model, tracked, deadline)
