"""Shared by the tests of sources that load single files."""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from components.loaders.agent.deadline import Deadline
from components.loaders.agent.logs import Log
from components.loaders.agent.plan import Tracked
from components.loaders.agent.sourceoptions import Kind, SourceOptions
from components.loaders.agent.sources import tracked
from tests.components.loaders.agent.conftest import Run
from tests.components.loaders.agent.kits import noise

TOKEN = "hf_canaryCANARYcanary"  # noqa: S105  # of these tests only
BIG = "weights/model.safetensors"
FILES: dict[str, bytes] = {
    "config.json": b'{"layers": 2}\n',
    "weights/model.safetensors": noise(400_000, 1),
    "weights/odd näme #1?.bin": noise(70_000, 2),
    "empty.txt": b"",
}


def list_of(files: Mapping[str, bytes]) -> bytes:
    """Return a ``SHA256SUMS`` for files with plain names."""
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode() for name, data in files.items()]
    return b"".join(lines)


def digest_of(data: bytes) -> str:
    """Return the digest of a list."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


Load = Callable[..., Run]
"""Runs the agent: kind of source, reference, directory, more arguments; ``command`` is ``once`` if left out."""


def content_of(root: Path) -> dict[str, bytes]:
    """Return every file below a directory."""
    return {os.fsdecode(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def options_of(
    kind: Kind, reference: str, *, filters: tuple[str, ...] = (), endpoint: str = "", credentials: Path | None = None
) -> SourceOptions:
    """Return options as the command line gives them, plain HTTP allowed."""
    return SourceOptions(
        kind=kind,
        reference=reference,
        filters=filters,
        registry_config=None,
        credentials=credentials,
        ca_file=None,
        mirrors={},
        plain_http=True,
        endpoint=endpoint,
        region="",
        addressing="virtual",
    )


def follow(options: SourceOptions) -> Tracked:
    """Return a name that may move."""
    return tracked(options, Log())


def soon() -> Deadline:
    """Return a deadline that no test reaches."""
    return Deadline(30)


def lay(root: Path, files: Mapping[str, bytes] = FILES) -> str:
    """Write files and their list, and return the reference."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "SHA256SUMS").write_bytes(list_of(files))
    return f"{root}@{digest_of(list_of(files))}"
