"""Which version a watching loader starts with."""

from dataclasses import dataclass

from .bring import Model
from .deadline import Deadline
from .errors import UsageError
from .load import Outcome
from .pins import split_pin
from .plan import Tracked
from .sync import first_answer
from .watchstate import instance, read_state, state_path


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstLoad:
    """How it went.

    Attributes:
        key: the version that is current now.
        previous: version to go back to if the runtime refuses this one; empty if there is none.
        reference: pins the version.
        adopted: whether it is what an earlier run of the same pod had left.
        outcome: of the load.
    """

    key: str
    previous: str
    reference: str
    adopted: bool
    outcome: Outcome


def first_load(model: Model, tracked: Tracked | None, deadline: Deadline) -> FirstLoad:
    """Load what has to be there before the server may start.

    A new pod starts with exactly the version that its reference pins, whatever the name stands for by now; without a
    pin with what is current, or else with what the name stands for. A container that is restarted while its pod runs on
    goes on with what is current: the server serves that.

    Raises:
        AgentError: it cannot be had.
    """
    reference, previous = _left_behind(model, deadline)
    adopted = bool(reference)
    if not adopted and model.is_pinned:
        reference = model.source.reference
    if reference:
        source = model.pinned(reference, deadline)
    elif tracked is not None:
        latest = first_answer(tracked, deadline)
        source, reference = latest.source, latest.reference
    else:
        raise UsageError(f"{model.source.reference!r} neither pins a version nor names one that moves")
    load = model.loading(source, reference, model.store(deadline), deadline)
    outcome = load.bring(switch=True, tidy=not adopted)  # a killed update may have begun; the next look continues it
    return FirstLoad(
        key=source.key,
        previous="" if previous == source.key else previous,
        reference=reference,
        adopted=adopted,
        outcome=outcome,
    )


def _left_behind(model: Model, deadline: Deadline) -> tuple[str, str]:
    """Return the reference of the current version if it is to be kept, and the version before it; else empty texts."""
    store = model.store(deadline)
    current = store.current()
    reference = store.reference(current) if current else ""
    configured = model.source.reference
    if not reference or not _is_of(model, reference, current, deadline):
        return "", ""
    state = read_state(state_path(model.load.into, model.load.link))
    if state is not None and (state.instance, state.reference) == (instance(), configured):
        return reference, state.previous if store.has(state.previous) else ""
    same_name = split_pin(reference)[0] == split_pin(configured)[0]
    return (reference, "") if same_name and not model.is_pinned else ("", "")


def _is_of(model: Model, reference: str, key: str, deadline: Deadline) -> bool:
    """Return whether a receipt's reference leads to this very version, with the filters of today."""
    try:
        return model.pinned(reference, deadline).key == key
    except UsageError:
        return False  # written by another kind of source
