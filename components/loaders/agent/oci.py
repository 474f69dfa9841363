"""A plain OCI artifact as a source: titled layers are files, untitled archive layers are unpacked."""

from typing import Final

from .errors import UnsupportedError
from .manifest import Descriptor, parse_manifest
from .mediatype import archive_compression
from .paths import safe_file_path
from .plan import Layer, Plan, store_key, unique
from .reference import Reference
from .registry import Registry
from .registryblob import RegistryBlob

TITLE: Final = "org.opencontainers.image.title"
"""Annotation with a file's path (OCI image spec 1.1, "Pre-Defined Annotation Keys")."""

UNPACK: Final = "io.deis.oras.content.unpack"
"""Annotation of a directory pushed as an archive whose paths start with its title (oras-go v2, ``content/file``)."""


class OciSource:
    """Loads every layer of an artifact.

    Args:
        registry: where it is.
        reference: which; pinned by digest.
    """

    def __init__(self, registry: Registry, reference: Reference) -> None:
        self._registry = registry
        self._reference = reference

    @property
    def key(self) -> str:
        """Name in the store: the digest."""
        return store_key(self._reference.digest, ())

    def plan(self) -> Plan:
        """Read the manifest.

        Raises:
            UnsupportedError: no layers, or one that is neither titled nor an archive.
        """
        data, _ = self._registry.manifest(self._reference)
        manifest = parse_manifest(data, str(self._reference))
        if not manifest.layers:
            raise UnsupportedError(f"{self._reference} has no layers, so there is nothing to load")
        layers = unique([self._layer(descriptor) for descriptor in manifest.layers])
        return Plan(layers=layers, manifests=(self._reference,))

    def _layer(self, descriptor: Descriptor) -> Layer:
        title = descriptor.annotations.get(TITLE, "")
        packed = archive_compression(descriptor.media_type)
        blob = RegistryBlob(registry=self._registry, reference=self._reference, descriptor=descriptor)
        if title and descriptor.annotations.get(UNPACK) != "true":
            parts = safe_file_path(title, f"layer {descriptor.digest}")
            return Layer(blob=blob, form="raw", compression="", parts=parts)
        if title and packed is None:
            packed = "gzip"  # what oras packs directories with, whatever media type its user gave
        if packed is None:
            raise UnsupportedError(
                f"layer {descriptor.digest} has media type {descriptor.media_type!r} and no {TITLE} annotation; "
                "push files with their names, or use --source modelkit for a ModelKit"
            )
        return Layer(blob=blob, form="tar", compression=packed)
