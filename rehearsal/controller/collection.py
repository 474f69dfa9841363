"""A local copy of one kind of object, kept up to date by list and watch."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, cast

from rehearsal.control_plane.api import ApiClient, ApiError, Object, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

_WATCH_SECONDS = 300
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_GONE = 410
_logger = logging.getLogger("rehearsal.controller")


class Collection(threading.Thread):
    """Lists a collection, then follows its changes for ever; starts over after any break.

    Arguments are the client, the path of the collection and a function called after every change.
    """

    def __init__(self, client: ApiClient, path: str, on_change: Callable[[], None]) -> None:
        super().__init__(name=path, daemon=True)
        self._client = client
        self._path = path
        self._on_change = on_change
        self._lock = threading.Lock()
        self._objects: dict[str, Object] = {}
        self.last_contact = time.monotonic()
        self.is_filled = False

    def objects(self) -> list[Object]:
        """Return the objects known now; they are not to be changed."""
        with self._lock:
            return list(self._objects.values())

    def run(self) -> None:
        """Follow the collection until the process ends."""
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                version = self._list()
                pause_seconds = _FIRST_PAUSE_SECONDS
                self._follow(version)
            except (ApiError, UnreachableError) as error:
                if not (isinstance(error, ApiError) and error.status == _GONE):
                    _logger.warning("%s; listing again in %.1f s", error, pause_seconds)
                time.sleep(pause_seconds)
                pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    def _list(self) -> str:
        answer = self._client.request("GET", self._path)
        items = cast("list[Object]", answer["items"])
        with self._lock:
            self._objects = {str(item["metadata"]["uid"]): item for item in items}
        self._changed()
        self.is_filled = True
        return str(answer["metadata"]["resourceVersion"])

    def _follow(self, version: str) -> None:
        while True:
            for event in self._client.watch(self._path, version, timeout_seconds=_WATCH_SECONDS):
                version = str(event["object"]["metadata"]["resourceVersion"])
                self._apply(str(event["type"]), cast("Object", event["object"]))
            self.last_contact = time.monotonic()

    def _apply(self, kind: str, changed: Object) -> None:
        if kind == "BOOKMARK":
            self.last_contact = time.monotonic()
            return
        uid = str(changed["metadata"]["uid"])
        with self._lock:
            if kind == "DELETED":
                self._objects.pop(uid, None)
            else:
                self._objects[uid] = changed
        self._changed()

    def _changed(self) -> None:
        self.last_contact = time.monotonic()
        self._on_change()
