"""A KitOps ModelKit, or a CNCF ModelPack, as a source: which layers a selection needs and where they go."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from . import jsonread
from .errors import DigestError, UnsupportedError, UsageError
from .kitfile import KitEntry, Kitfile, parse_kitfile
from .kitfilter import KitFilter, for_parent, parse_filter, selects, selects_kitfile
from .kityaml import kitfile_yaml
from .manifest import Descriptor, Manifest, parse_manifest
from .mediatype import KIT_CONFIG, PACK_CONFIG, model_layer_type
from .paths import safe_file_path, safe_path
from .plan import Layer, Plan, store_key, unique
from .reference import Reference
from .registry import Registry
from .registryblob import RegistryBlob

FILEPATH: Final = "org.cncf.model.filepath"
"""Annotation with a layer's path (modelpack model-spec v0.0.7, ``annotations.go``)."""

METADATA: Final = "org.cncf.model.file.metadata+json"
"""Annotation with the mode of a raw layer's file (same source)."""

CHAIN_LIMIT: Final = 10
"""Longest chain of parent kits (kitops v1.17, ``MaxModelRefChain``)."""


class ModelKitSource:
    """Loads the chosen parts of a kit.

    Args:
        registry: where it is.
        reference: which; pinned by digest.
        filters: as given on the command line; none for everything.

    Raises:
        UsageError: a filter that cannot be read.
    """

    def __init__(self, registry: Registry, reference: Reference, filters: tuple[str, ...]) -> None:
        self._registry = registry
        self._reference = reference
        self._filters = tuple(parse_filter(value) for value in filters)
        self._key = store_key(reference.digest, filters)

    @property
    def key(self) -> str:
        """Name in the store: the digest, and the selection if there is one."""
        return self._key

    def plan(self) -> Plan:
        """Read manifest and Kitfile, of parents too.

        Raises:
            UsageError: the filters choose nothing.
            UnsupportedError: not a ModelKit.
        """
        layers: list[Layer] = []
        files: dict[str, bytes] = {}
        resolved: dict[str, str] = {}
        chain: list[Reference] = []
        following: tuple[Reference, tuple[KitFilter, ...]] | None = (self._reference, self._filters)
        while following is not None:
            named, filters = following
            data, digest = self._registry.manifest(named)
            digests = [read.digest for read in chain]
            if digest in digests or len(chain) > CHAIN_LIMIT:
                raise UnsupportedError(f"the chain of parent kits is a circle or longer than {CHAIN_LIMIT}: {digests}")
            if not named.digest:
                resolved[str(named)] = digest
            reference = replace(named, digest=digest)
            chain.append(reference)
            manifest = parse_manifest(data, str(reference))
            kitfile = self._kitfile(reference, manifest)
            if kitfile is not None and len(chain) == 1 and selects_kitfile(filters):
                files["Kitfile"] = _kitfile_text(kitfile)
            layers += self._layers(reference, manifest, kitfile, filters)
            narrowed = for_parent(filters)
            parent = None if kitfile is None else kitfile.parent
            following = None if parent is None or narrowed is None else (parent, narrowed)
        if not layers and not files:
            raise UsageError(f"--filter chooses nothing of {self._reference}; see the Kitfile's names and paths")
        return Plan(layers=unique(layers), files=files, resolved=resolved, manifests=tuple(chain))

    def _kitfile(self, reference: Reference, manifest: Manifest) -> Kitfile | None:
        """Return the Kitfile; a ModelPack may carry it as a layer, or not have one."""
        if manifest.config.media_type == KIT_CONFIG:
            return parse_kitfile(self._registry.small_blob(reference, manifest.config))
        if manifest.config.media_type != PACK_CONFIG:
            raise UnsupportedError(
                f"{reference} has config {manifest.config.media_type!r}, which is no ModelKit; use --source oci"
            )
        carried = next((layer for layer in manifest.layers if layer.media_type == KIT_CONFIG), None)
        return None if carried is None else parse_kitfile(self._registry.small_blob(reference, carried))

    def _layers(
        self, reference: Reference, manifest: Manifest, kitfile: Kitfile | None, filters: tuple[KitFilter, ...]
    ) -> Iterator[Layer]:
        if kitfile is not None:
            for entry, descriptor in _matched(kitfile, manifest):
                if selects(filters, entry.part, entry.name, entry.path):
                    yield _layer(self._blob(reference, descriptor), entry.path, packed_relative=not entry.digest)
            return
        for descriptor in manifest.layers:
            path = descriptor.annotations.get(FILEPATH, "")
            if selects(filters, model_layer_type(descriptor.media_type).part, "", path):
                yield _layer(self._blob(reference, descriptor), path, packed_relative=False)

    def _blob(self, reference: Reference, descriptor: Descriptor) -> RegistryBlob:
        return RegistryBlob(registry=self._registry, reference=reference, descriptor=descriptor)


def _kitfile_text(kitfile: Kitfile) -> bytes:
    try:
        return kitfile_yaml(kitfile.raw)
    except RecursionError:
        raise UnsupportedError("the Kitfile is nested too deep to be written out") from None


def _matched(kitfile: Kitfile, manifest: Manifest) -> Iterator[tuple[KitEntry, Descriptor]]:
    """Pair entries with layers: by digest, or in old kits by order within each type."""
    by_digest = {layer.digest: layer for layer in manifest.layers}
    by_base: dict[str, list[Descriptor]] = {}
    for layer in manifest.layers:
        if layer.media_type != KIT_CONFIG:
            by_base.setdefault(model_layer_type(layer.media_type).base, []).append(layer)
    for entry in kitfile.entries:
        if entry.digest:
            descriptor = by_digest.get(entry.digest)
        else:
            waiting = by_base.get(entry.base, [])
            descriptor = waiting.pop(0) if waiting else None
        if descriptor is None:
            raise DigestError(
                f"Kitfile entry {entry.name or entry.path!r} names layer {entry.digest or 'by order'}, "
                "which the manifest lacks; the kit is damaged, pack and push it again"
            )
        yield entry, descriptor


def _layer(blob: RegistryBlob, path: str, *, packed_relative: bool) -> Layer:
    descriptor = blob.descriptor
    kind = model_layer_type(descriptor.media_type)
    where = f"layer {descriptor.digest}"
    if kind.form == "raw":
        parts = safe_file_path(descriptor.annotations.get(FILEPATH, "") or path, where)
        executable = _executable(descriptor)
    else:
        # Kits from before layer digests stood in the Kitfile hold paths relative to the entry's directory.
        parts, executable = safe_path(path, where)[:-1] if packed_relative else (), False
    return Layer(
        blob=blob,
        form=kind.form,
        compression=kind.compression,
        parts=parts,
        executable=executable,
    )


def _executable(descriptor: Descriptor) -> bool:
    note = descriptor.annotations.get(METADATA, "")
    if not note:
        return False
    try:
        mode = jsonread.mapping(json.loads(note), METADATA).get("mode", 0)
    except ValueError as error:
        raise UnsupportedError(f"layer {descriptor.digest}: annotation {METADATA} is not JSON") from error
    return bool(jsonread.count(mode, f"{METADATA}.mode") & 0o100)
