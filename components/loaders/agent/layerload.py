"""Moving one layer: download, verify, unpack and write in a single pass."""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from .beginnings import Beginning
from .blobstream import BlobStream
from .bytestream import ByteStream, drain
from .deadline import Deadline
from .decompress import Bounded, decompressed, expanded_limit_bytes
from .errors import DigestError, UnsafeError
from .flush import Flusher
from .localfile import LocalBlob
from .logs import Log
from .paths import safe_file_path, safe_path
from .plan import Layer
from .progress import Progress
from .readahead import PIECES, ReadAhead
from .staging import Staging
from .tarnotes import NotingReader
from .tarstream import entries
from .tree import TreeWriter

CORRUPT_ATTEMPTS: Final = 2
"""How often a layer whose bytes are wrong is fetched in all: once more helps against a bad link, not a bad registry."""


def has_spare_core(layer_bytes: int, load_bytes: int, parallel: int) -> bool:
    """Return whether a second thread for a layer finds a core that other layers leave idle.

    Bytes that pass from thread to thread pass from core to core, which costs more than it gains where each core has a
    layer of its own.

    Args:
        layer_bytes: size of the layer.
        load_bytes: size of all layers that are moved. Many small ones beside a large one do not keep a core busy.
        parallel: layers that are moved at the same time.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # not on macOS
    return min(parallel, load_bytes / max(1, layer_bytes)) < cores


class LayerLoader:
    """Loads layers into a tree.

    Args:
        deadline: bounds everything.
        log: told about every layer that is fetched again.
        progress: told about bytes.
        staging: its tree is written, and it knows what an earlier run began.
        flusher: makes files durable; knows how many layers are loaded at the same time and share the memory.
        max_layer_bytes: most one layer may unpack to.
    """

    def __init__(  # what every layer needs
        self, deadline: Deadline, log: Log, progress: Progress, staging: Staging, flusher: Flusher, max_layer_bytes: int
    ) -> None:
        self._deadline = deadline
        self._log = log
        self._progress = progress
        self._staging = staging
        self._flusher = flusher
        self._max_layer_bytes = max_layer_bytes
        self._pieces = max(1, PIECES // flusher.parallel)

    def load(self, layer: Layer) -> TreeWriter:
        """Load one layer. What a failure leaves goes with the staging directory, or a next run continues it.

        Returns:
            What was written, and is not yet durable.

        Raises:
            AgentError: it cannot be had whole.
        """
        attempt = 1
        while True:
            writer = TreeWriter(self._staging.tree, self._flusher.flushing())
            begun = self._staging.beginnings.of(layer)
            try:
                self._once(layer, writer, begun)
            except DigestError as error:
                writer.take_back()
                if begun is not None:
                    begun.drop()  # the disk may be wrong, not the source: that is no attempt
                elif attempt >= CORRUPT_ATTEMPTS:
                    raise
                else:
                    attempt += 1
                self._log.warning("again", blob=layer.blob.name, why=str(error))
            except BaseException:
                writer.let_go()
                raise
            else:
                return writer

    def _once(self, layer: Layer, writer: TreeWriter, begun: Beginning | None) -> None:
        local = layer.blob if isinstance(layer.blob, LocalBlob) and layer.form == "raw" and begun is None else None
        if local is not None and self._clone(local, layer, writer):
            return
        # Threads are split where their work is about even. What is written as it came is hashed beside, if a core is
        # idle, and written by the core that received it; what is inflated is received and hashed beside in any case.
        beside = 0
        if not layer.compression and has_spare_core(
            layer.blob.size, self._progress.total_bytes, self._flusher.parallel
        ):
            beside = self._pieces
        blob = BlobStream(layer.blob, self._deadline, self._log, self._progress, beside=beside)
        if begun is not None:
            self._log.info("continued", blob=layer.blob.name, at_bytes=begun.size_bytes, of_bytes=layer.blob.size)
            blob.begin_with(self._again(begun))
        stream = ReadAhead(blob, self._pieces) if layer.compression else blob
        try:
            try:
                self._write(layer, stream, writer, begun)
            except UnsafeError:
                # Wrong bytes read as a broken archive; only if the digest holds is it the artifact's own fault.
                drain(stream)
                raise
            drain(stream)
        finally:
            stream.close()
            blob.close()  # only now is it no longer the other thread's

    def _again(self, begun: Beginning) -> Iterator[bytes]:
        yield from begun.pieces()
        self._log.step("hashed-again", blob=begun.layer.blob.name)

    def _clone(self, blob: LocalBlob, layer: Layer, writer: TreeWriter) -> bool:
        """Share a local file's blocks, then check the clone, which nobody else can write to."""
        if not writer.clone_file(layer.parts, blob.clone_into):
            return False
        clone = replace(blob, root=self._staging.tree)
        stream = BlobStream(clone, self._deadline, self._log, self._progress)
        try:
            drain(stream)
        finally:
            stream.close()
        self._log.step("file-cloned", path=blob.name)
        return True

    def _write(self, layer: Layer, stream: ByteStream, writer: TreeWriter, begun: Beginning | None) -> None:
        limit = expanded_limit_bytes(layer.compression, layer.blob.size, self._max_layer_bytes)
        reader = NotingReader(Bounded(decompressed(stream, layer.compression), limit))
        if layer.form == "raw":
            content = iter(lambda: reader.some(limit + 1), b"")
            first = None if begun is None else begun.file(0)
            writer.write_file(layer.parts, content, executable=layer.executable, begun=first)
        else:
            self._unpack(layer, reader, writer, begun)
        while reader.some(limit + 1):
            pass  # padding after the archive's end counts for limit and digest

    def _unpack(self, layer: Layer, reader: NotingReader, writer: TreeWriter, begun: Beginning | None) -> None:
        where = f"layer {layer.blob.name}"
        with self._staging.beginnings.notes(layer) as notes:
            for number, entry in enumerate(entries(reader)):
                parts = layer.parts + (safe_path if entry.directory else safe_file_path)(entry.name, where)
                notes.add(reader.taken(), parts, entry.size)
                if entry.directory:
                    writer.make_directory(parts)
                    continue
                first = None if begun is None else begun.file(number)
                writer.write_file(parts, reader.chunks(entry.size), executable=entry.executable, begun=first)
                self._log.step("file-written", path="/".join(parts))
