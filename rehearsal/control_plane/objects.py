"""The first objects of a rehearsal cluster: storage classes and open custom resource definitions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from rehearsal.control_plane.api import MERGE_PATCH, ApiError, Object
from rehearsal.control_plane.errors import ClusterError
from rehearsal.control_plane.open_crds import is_established, manifest
from rehearsal.controller.volumes import PROVISIONER

if TYPE_CHECKING:
    from rehearsal.control_plane.api import ApiClient
    from rehearsal.control_plane.open_crds import OpenCrd
    from rehearsal.control_plane.options import ClusterOptions, StorageClass

MADE_BY_LABEL = {"slipway.dev/rehearsal": "true"}
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_ESTABLISHED_SECONDS = 20.0
_POLL_SECONDS = 0.05


def apply_storage_classes(client: ApiClient, options: ClusterOptions) -> None:
    """Make the storage classes agree with the options; classes made by others are never changed.

    A class that an earlier create made and the options no longer name is removed.
    """
    wanted = {
        storage_class.name: _storage_class(storage_class, is_default=index == 0 and options.default_storage_class)
        for index, storage_class in enumerate(options.storage_classes)
    }
    listed = client.request("GET", f"{_CLASSES}?labelSelector={quote('slipway.dev/rehearsal=true')}")
    for existing in cast("list[Object]", listed["items"]):
        name = existing["metadata"]["name"]
        if name in wanted and existing["volumeBindingMode"] == wanted[name]["volumeBindingMode"]:
            metadata = {"annotations": {_DEFAULT_CLASS: wanted[name]["metadata"]["annotations"][_DEFAULT_CLASS]}}
            client.request("PATCH", f"{_CLASSES}/{name}", {"metadata": metadata}, content_type=MERGE_PATCH)
        else:
            # The binding mode of a class cannot be changed, so such a class is made anew.
            client.request("DELETE", f"{_CLASSES}/{name}")
    for body in wanted.values():
        _create_if_absent(client, _CLASSES, body)


def _storage_class(storage_class: StorageClass, *, is_default: bool) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": storage_class.name,
            "labels": MADE_BY_LABEL,
            "annotations": {_DEFAULT_CLASS: str(is_default).lower()},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": storage_class.binding_mode,
    }


def install_open_crds(client: ApiClient, crds: tuple[OpenCrd, ...]) -> None:
    """Create the definitions that are not there yet and wait until all are served; present ones are not touched.

    Raises:
        ClusterError: A definition was refused, or is not served in time.
    """
    for crd in crds:
        try:
            _create_if_absent(client, _CRDS, manifest(crd))
        except ApiError as error:
            raise ClusterError(f"the custom resource definition {crd.name} was refused: {error}") from error
    deadline = time.monotonic() + _ESTABLISHED_SECONDS
    for crd in crds:
        while not is_established(client.request("GET", f"{_CRDS}/{crd.name}")):
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"the custom resource definition {crd.name} is not served after 20 s: see its status"
                )
            time.sleep(_POLL_SECONDS)


def _create_if_absent(client: ApiClient, collection: str, body: Object) -> None:
    try:
        client.request("POST", collection, body)
    except ApiError as error:
        if not error.is_conflict:
            raise
