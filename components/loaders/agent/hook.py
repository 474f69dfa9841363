"""Any runtime that is told over HTTP: one request, and if there is one, an address that proves it."""

from .adapter import Version
from .confirmation import Confirmation, filled_json
from .deadline import Deadline
from .errors import RuntimeRefusedError
from .logs import Log
from .runtimecall import RuntimeClient, UnansweredError, until

BUSY = frozenset({429, 502, 503, 504})
"""Statuses of a runtime that starts or is busy; asked again."""


class HookAdapter:
    """Sends a request for every version.

    Args:
        client: reaches the address of the hook.
        method: of the request.
        body: JSON to send; texts in it may hold ``{key}``, ``{path}`` and ``{link}``.
        status: the status that means yes.
        confirmation: what proves it; None if nothing does.
        log: told about waiting, and about what is not proven.
    """

    def __init__(  # each is one fact about the runtime
        self,
        client: RuntimeClient,
        *,
        method: str,
        body: object,
        status: int,
        confirmation: Confirmation | None,
        log: Log,
    ) -> None:
        self._client = client
        self._method = method
        self._body = body
        self._status = status
        self._confirmation = confirmation
        self._log = log

    def prepare(self, version: Version) -> None:
        """Do nothing: the runtime reads the link when it starts."""

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:
        """Send the request, unless it is proven to serve the version already, and wait for the proof.

        Raises:
            RuntimeRefusedError: another status, or no proof in time; the request was sent for the previous version.
            NetworkError: no answer until the deadline.
        """
        if self._confirmation is not None and self._confirmation.held(version, deadline, self._log):
            return
        try:
            until("hook", lambda: self._send(version, deadline), deadline, self._log)
            if self._confirmation is not None:
                self._confirmation.wait(version, deadline, self._log)
        except RuntimeRefusedError as error:
            if previous is not None and previous.key != version.key:
                self._log.warning("put-back", why=str(error))
                until("hook", lambda: self._send(previous, deadline), deadline, self._log)
            raise
        if self._confirmation is None:
            self._log.warning("unconfirmed", version=version.key, why="nothing says whether the runtime serves it")

    def retire(self, version: Version, deadline: Deadline) -> None:
        """Do nothing: nothing was left for it."""

    def _send(self, version: Version, deadline: Deadline) -> bool | str:
        body = None if self._body is None else filled_json(self._body, version)
        try:
            answer = self._client.call(self._method, "", body, deadline)
        except UnansweredError as error:
            return str(error)
        if answer.status == self._status:
            return True
        if answer.status in BUSY:
            return answer.said()
        raise answer.refused("hook")
