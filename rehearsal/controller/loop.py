"""The loop that compares what is with what should be, and acts on the difference."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from rehearsal.control_plane.api import MERGE_PATCH, ApiClient, ApiError, Object, UnreachableError
from rehearsal.controller.addresses import AddressBook, NoAddressLeftError, has_stale_address, wants_address
from rehearsal.controller.collection import Collection
from rehearsal.controller.delays import Waiting
from rehearsal.controller.volumes import class_of, finished_volumes, volume_for, waiting_claims

_RETRY_SECONDS = 1.0
_LONGEST_SLEEP_SECONDS = 30.0
# The API server sends a bookmark about once a minute, so silence on every watch for longer means it is gone.
_GONE_SECONDS = 180.0
_VOLUMES = "/api/v1/persistentvolumes"
_logger = logging.getLogger("rehearsal.controller")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the controller is asked to play.

    Attributes:
        bind_delay_seconds: How long a claim waits for its volume; NEVER for ever.
        address_delay_seconds: How long a Service or Ingress waits for its address; NEVER for ever.
        storage_classes: Classes served besides those of the rehearsal provisioner.
    """

    bind_delay_seconds: float
    address_delay_seconds: float
    storage_classes: frozenset[str]


class Controller:
    """Binds claims and gives addresses until the API server is gone."""

    def __init__(self, client: ApiClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._wake = threading.Event()
        self._claims_wait = Waiting(settings.bind_delay_seconds)
        self._addresses_wait = Waiting(settings.address_delay_seconds)
        self._book = AddressBook()
        self._classes = self._collection("/apis/storage.k8s.io/v1/storageclasses")
        self._claims = self._collection("/api/v1/persistentvolumeclaims")
        self._volumes = self._collection(_VOLUMES)
        self._services = self._collection("/api/v1/services")
        self._ingresses = self._collection("/apis/networking.k8s.io/v1/ingresses")
        self._all = (self._classes, self._claims, self._volumes, self._services, self._ingresses)

    def run(self) -> None:
        """Work until no watch has heard of the API server for three minutes."""
        for collection in self._all:
            collection.start()
        sleep_seconds = _LONGEST_SLEEP_SECONDS
        while time.monotonic() - max(collection.last_contact for collection in self._all) < _GONE_SECONDS:
            self._wake.wait(min(sleep_seconds, _LONGEST_SLEEP_SECONDS))
            self._wake.clear()
            if not all(collection.is_filled for collection in self._all):
                continue
            try:
                sleep_seconds = self._reconcile()
            except (ApiError, UnreachableError, NoAddressLeftError) as error:
                # A conflict or a restart of the API server heals by itself; anything else stands in the log.
                _logger.warning("%s; trying again in %g s", error, _RETRY_SECONDS)
                sleep_seconds = _RETRY_SECONDS
        _logger.info("the API server is gone: ending")

    def _collection(self, path: str) -> Collection:
        return Collection(self._client, path, self._wake.set)

    def _reconcile(self) -> float:
        """Do what is due and return the seconds until something else is."""
        for name in finished_volumes(self._volumes.objects()):
            self._ignoring_not_found("DELETE", f"{_VOLUMES}/{name}")
            _logger.info("removed volume %s", name)
        return min(self._bind_claims(), self._give_addresses())

    def _bind_claims(self) -> float:
        classes = self._classes.objects()
        waiting = waiting_claims(self._claims.objects(), classes, self._settings.storage_classes)
        due, next_seconds = self._claims_wait.due(waiting)
        made = {volume["metadata"]["name"] for volume in self._volumes.objects()}
        for uid in due:
            claim = waiting[uid]
            storage_class = class_of(claim, classes)
            if storage_class is None or f"pvc-{uid}" in made:
                continue
            try:
                self._client.request("POST", _VOLUMES, volume_for(claim, storage_class))
            except ApiError as error:
                if not error.is_conflict:  # made a moment ago, our copy does not show it yet
                    raise
            _logger.info("made a volume for claim %s/%s", claim["metadata"]["namespace"], claim["metadata"]["name"])
        return next_seconds

    def _give_addresses(self) -> float:
        services = [service for service in self._services.objects() if not self._cleared(service)]
        paths = {str(item["metadata"]["uid"]): _status_path("/api/v1", "services", item) for item in services}
        ingresses = self._ingresses.objects()
        for item in ingresses:
            paths[str(item["metadata"]["uid"])] = _status_path("/apis/networking.k8s.io/v1", "ingresses", item)
        self._book.keep([*services, *ingresses])
        waiting = [str(item["metadata"]["uid"]) for item in (*services, *ingresses) if wants_address(item)]
        due, next_seconds = self._addresses_wait.due(waiting)
        for uid in sorted(due):
            status: Object = {"loadBalancer": {"ingress": [{"ip": self._book.give(uid)}]}}
            self._ignoring_not_found("PATCH", paths[uid], {"status": status})
            _logger.info("gave %s the address %s", paths[uid], self._book.give(uid))
        return next_seconds

    def _cleared(self, service: Object) -> bool:
        if not has_stale_address(service):
            return False
        path = _status_path("/api/v1", "services", service)
        self._ignoring_not_found("PATCH", path, {"status": {"loadBalancer": None}})
        return True

    def _ignoring_not_found(self, method: str, path: str, body: Object | None = None) -> None:
        """Send a request; an object that is gone meanwhile needs nothing more."""
        content_type = MERGE_PATCH if body is not None else "application/json"
        try:
            self._client.request(method, path, body, content_type=content_type)
        except ApiError as error:
            if not error.is_not_found:
                raise


def _status_path(group: str, plural: str, item: Object) -> str:
    metadata = item["metadata"]
    return f"{group}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}/status"
