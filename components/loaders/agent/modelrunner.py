"""Docker Model Runner: it pulls by reference into a store of its own; the loader's files are of no use to it.

What the loader adds is when, and whether it is the right one: the runner's identity of a model is the digest of its
manifest, as is the key of a version from a registry, so the two are compared. Facts, from docker/model-runner:
``POST /models/create`` streams progress and may fail after its 200 (``pkg/distribution/distribution/client.go``,
PullModel); ``GET /models/{reference}`` tells the identity (``internal/partial/partial.go``, ID); ``POST
/models/{id}/tag`` moves a name (``pkg/inference/models/http_handler.go``); a chat request with ``X-Preload-Only: true``
loads without inference (``pkg/inference/scheduling/http_handler.go``); models leave memory after five idle minutes
unless ``/engines/_configure`` says ``keep_alive: -1``.
"""

import re
from typing import Final
from urllib.parse import quote, urlencode

from .adapter import Version
from .deadline import Deadline
from .errors import NetworkError, RuntimeRefusedError
from .logs import Log
from .runtimecall import RuntimeClient, until

_KEY: Final = re.compile(r"sha256-(?P<hex>[0-9a-f]{64})(\.[0-9a-f]{12})?")
_NOT_FOUND: Final = 404
_CREATED: Final = frozenset({200, 201})
_CONFLICT: Final = 409
"""The model is in memory already, and keeps what it was told then."""


class ModelRunnerAdapter:
    """Tells a Docker Model Runner.

    Args:
        client: reaches its API.
        reference: ``host/repository:tag``, the name that clients ask for and that the loader follows.
        log: told about waiting.
    """

    def __init__(self, client: RuntimeClient, reference: str, log: Log) -> None:
        self._client = client
        self._reference = reference
        self._log = log

    def prepare(self, version: Version) -> None:
        """Do nothing: the runner has a store of its own."""

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:
        """Have it pulled and loaded, and see that the name stands for it.

        Raises:
            RuntimeRefusedError: it could not be pulled or loaded, or the registry's name stands for another one by now;
                the runner's name stands for what it did before.
            NetworkError: no answer until the deadline.
        """
        wanted = _identity(version)
        before = until("model-runner", lambda: (self._identity(deadline),), deadline, self._log)[0]
        try:
            if before != wanted:
                until("model-runner pull", lambda: self._pull(wanted, deadline), deadline, self._log)
                self._tag(before, deadline)  # until the new one is in memory, the name goes on standing for the old
            until("model-runner load", lambda: self._preload(wanted, deadline), deadline, self._log)
            self._tag(wanted, deadline)
        except RuntimeRefusedError:
            old = before if before != wanted or previous is None else _identity(previous)
            self._tag(old, deadline)
            raise

    def retire(self, version: Version, deadline: Deadline) -> None:
        """Do nothing: what the runner keeps is its own affair."""

    def _identity(self, deadline: Deadline) -> str:
        answer = self._client.get(f"/models/{quote(self._reference, safe='/:')}", deadline)
        if answer.status == _NOT_FOUND:
            return ""
        if not answer.ok:
            raise NetworkError(answer.said())
        return str(answer.mapping().get("id", ""))

    def _pull(self, wanted: str, deadline: Deadline) -> bool | str:
        answer = self._client.post("/models/create", {"from": self._reference}, deadline)
        found = self._identity(deadline)
        if found == wanted:
            return True
        last = answer.body.strip().rpartition(b"\n")[2][:300].decode(errors="replace")
        if not answer.ok or b'"error"' in answer.body:
            raise RuntimeRefusedError(f"model-runner {self._reference}: pull failed; {answer.status} {last}")
        raise RuntimeRefusedError(
            f"model-runner {self._reference}: pulled {found or 'nothing'}, loaded was {wanted}; the name has "
            "moved on, or the loader's source is not the registry that the runner pulls from"
        )

    def _preload(self, identity: str, deadline: Deadline) -> bool:
        """Load by identity; requests by name find the same one in memory."""
        stays = {"model": identity, "keep_alive": "-1"}
        configured = self._client.post("/engines/_configure", stays, deadline)
        if configured.status not in {200, 202, _CONFLICT}:
            self._log.warning("keep-alive-refused", model=self._reference, why=configured.said())
        body = {"model": identity, "messages": list[object]()}
        answer = self._client.post("/engines/v1/chat/completions", body, deadline, {"X-Preload-Only": "true"})
        if not answer.ok:
            raise answer.refused(f"model-runner {self._reference}")
        return True

    def _tag(self, identity: str, deadline: Deadline) -> None:
        """Let the name stand for a model; nothing if there is none, or it does already."""
        if not identity or self._identity(deadline) == identity:
            return
        name, _, tag = self._reference.rpartition(":")
        path = f"/models/{identity}/tag?{urlencode({'repo': name, 'tag': tag})}"
        answer = self._client.call("POST", path, None, deadline)
        if answer.status not in _CREATED:
            raise answer.refused(f"model-runner {self._reference}: the name could not be moved to {identity}")


def _identity(version: Version) -> str:
    match = _KEY.fullmatch(version.key)
    return f"sha256:{match['hex']}" if match else ""
