"""Trying again: how often, and with which pauses."""

from collections.abc import Callable
from typing import Final, TypeVar

from .deadline import Deadline
from .errors import AgentError, AuthError
from .logs import Log

ATTEMPTS: Final = 6
"""Failures in a row, without a byte of progress, after which an operation is given up."""

AUTH_ATTEMPTS: Final = 3
"""The same for refused credentials: enough for a Secret that is just being rotated."""

_T = TypeVar("_T")


def allowed_attempts(error: AgentError) -> int:
    """Return how many failures in a row of this kind are borne."""
    return AUTH_ATTEMPTS if isinstance(error, AuthError) else ATTEMPTS


def retrying(what: str, action: Callable[[], _T], deadline: Deadline, log: Log) -> _T:
    """Run an action until it succeeds, cannot succeed, or has failed too often.

    Args:
        what: names the action in the log.
        action: one attempt.
        deadline: bounds the whole.
        log: told about every failure that is borne.

    Raises:
        AgentError: the last failure.
    """
    failures = 0
    while True:
        try:
            return action()
        except AgentError as error:
            failures += 1
            if not error.retriable or failures >= allowed_attempts(error):
                raise
            pause = deadline.back_off(failures, error)
            log.warning("retry", what=what, failures=failures, paused_seconds=round(pause, 3), why=str(error))
