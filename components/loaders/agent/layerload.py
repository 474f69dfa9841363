"""Moving one layer: download, verify, unpack and write in a single pass."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from .blobstream import BlobStream
from .bytestream import CHUNK_BYTES
from .deadline import Deadline
from .decompress import Bounded, decompressed, expanded_limit_bytes
from .errors import DigestError, UnsafeError
from .exact import ExactReader
from .localfile import LocalBlob
from .logs import Log
from .paths import safe_file_path, safe_path
from .plan import Layer
from .progress import Progress
from .readahead import PIECES, ReadAhead
from .staging import Staging
from .tarstream import entries
from .tree import TreeWriter

CORRUPT_ATTEMPTS: Final = 2
"""How often a layer whose bytes are wrong is fetched in all: once more helps against a bad link, not a bad registry."""


class LayerLoader:
    """Loads layers into a tree.

    Args:
        deadline: bounds everything.
        log: told about every layer that is fetched again.
        progress: told about bytes.
        staging: its tree is written, and it knows which files an earlier run began.
        max_layer_bytes: most one layer may unpack to.
        parallel: layers that are loaded at the same time, which share the memory.
    """

    def __init__(
        self, deadline: Deadline, log: Log, progress: Progress, staging: Staging, max_layer_bytes: int, parallel: int
    ) -> None:
        self._deadline = deadline
        self._log = log
        self._progress = progress
        self._staging = staging
        self._max_layer_bytes = max_layer_bytes
        self._pieces = max(1, PIECES // parallel)

    def load(self, layer: Layer) -> TreeWriter:
        """Load one layer. What a failure leaves goes with the staging directory, or when a next run takes it over.

        Returns:
            What was written.

        Raises:
            AgentError: it cannot be had whole.
        """
        attempt = 1
        while True:
            writer = TreeWriter(self._staging.tree)
            begun = self._staging.begun(layer)
            try:
                self._once(layer, writer, begun)
            except DigestError as error:
                writer.take_back()
                if begun is not None:
                    begun.unlink(missing_ok=True)  # the disk may be wrong, not the source: that is no attempt
                elif attempt >= CORRUPT_ATTEMPTS:
                    raise
                else:
                    attempt += 1
                self._log.warning("again", blob=layer.blob.name, why=str(error))
            else:
                return writer

    def _once(self, layer: Layer, writer: TreeWriter, begun: Path | None) -> None:
        local = layer.blob if isinstance(layer.blob, LocalBlob) and layer.form == "raw" and begun is None else None
        if local is not None and self._clone(local, layer, writer):
            return
        blob = BlobStream(layer.blob, self._deadline, self._log, self._progress)
        if begun is not None:
            self._log.info("continued", blob=layer.blob.name, at_bytes=begun.stat().st_size, of_bytes=layer.blob.size)
            blob.begin_with(pieces_of(begun))
            self._log.step("hashed-again", blob=layer.blob.name)
        stream = ReadAhead(blob, self._pieces)
        try:
            try:
                self._write(layer, stream, writer, begun)
            except UnsafeError:
                # Wrong bytes read as a broken archive; only if the digest holds is it the artifact's own fault.
                stream.drain()
                raise
            stream.drain()
        finally:
            stream.close()
            blob.close()

    def _clone(self, blob: LocalBlob, layer: Layer, writer: TreeWriter) -> bool:
        """Share a local file's blocks, then check the clone, which nobody else can write to."""
        if not writer.clone_file(layer.parts, blob.clone_into):
            return False
        clone = replace(blob, root=self._staging.tree)
        stream = BlobStream(clone, self._deadline, self._log, self._progress)
        try:
            while stream.read():
                pass  # its end checks the digest
        finally:
            stream.close()
        self._log.step("file-cloned", path=blob.name)
        return True

    def _write(self, layer: Layer, stream: ReadAhead, writer: TreeWriter, begun: Path | None) -> None:
        limit = expanded_limit_bytes(layer.compression, layer.blob.size, self._max_layer_bytes)
        limit = max(0, limit - (0 if begun is None else begun.stat().st_size))
        reader = ExactReader(Bounded(decompressed(stream, layer.compression), limit))
        if layer.form == "raw":
            rest = iter(lambda: reader.some(limit + 1), b"")
            writer.write_file(layer.parts, rest, executable=layer.executable, begun=begun)
        else:
            self._unpack(layer, reader, writer)
        while reader.some(limit + 1):
            pass  # padding after the archive's end counts for limit and digest

    def _unpack(self, layer: Layer, reader: ExactReader, writer: TreeWriter) -> None:
        where = f"layer {layer.blob.name}"
        for entry in entries(reader):
            if entry.directory:
                writer.make_directory(layer.parts + safe_path(entry.name, where))
                continue
            parts = layer.parts + safe_file_path(entry.name, where)
            writer.write_file(parts, reader.chunks(entry.size), executable=entry.executable)
            self._log.step("file-written", path="/".join(parts))


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes, a bounded number at a time."""
    with path.open("rb", buffering=0) as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece
