"""Archives and names that are refused, and what is left behind: nothing."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import gzipped, push_artifact, tar_of

TAR = "application/vnd.oci.image.layer.v1.tar"


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> bytes:
    """Return an archive with one harmless file and one odd entry."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("fine"))
        info = tarfile.TarInfo(name)
        info.type = kind
        for field, value in fields.items():
            setattr(info, field, value)
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    return buffer.getvalue()


def pax(**headers: str) -> bytes:
    """Return an archive whose one file has extended headers."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("innocent")
        info.pax_headers = headers
        archive.addfile(info)
    return buffer.getvalue()


def twice(first: str, second: str) -> bytes:
    """Return an archive with two entries."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in (first, second):
            archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


REFUSED = {
    "absolute path": (entry("/etc/evil"), "is absolute"),
    "climbing path": (entry("a/../../evil"), "climbs with '..'"),
    "climbing inside": (entry("a/../b"), "climbs with '..'"),
    "climbing directory": (entry("../evil", tarfile.DIRTYPE), "climbs with '..'"),
    "long climbing path": (entry("a/" * 80 + "../" * 90 + "evil"), "climbs with '..'"),
    "long component": (entry("x" * 256), "is too long"),
    "file named as the root": (entry("./"), "names the directory itself"),
    "symbolic link": (entry("l", tarfile.SYMTYPE, linkname="/etc/passwd"), "a symbolic link"),
    "hard link": (entry("l", tarfile.LNKTYPE, linkname="fine"), "a hard link"),
    "character device": (entry("d", tarfile.CHRTYPE), "a character device"),
    "block device": (entry("d", tarfile.BLKTYPE), "a block device"),
    "named pipe": (entry("p", tarfile.FIFOTYPE), "a named pipe"),
    "unknown type": (entry("u", b"Q"), "an entry of type"),
    "climbing pax path": (pax(path="../../evil"), "climbs with '..'"),
    "sparse pax file": (pax(**{"GNU.sparse.major": "1", "GNU.sparse.name": "x"}), "sparse"),
    "pax size that is none": (pax(size="-1"), "the size"),
    "one path twice": (twice("a", "a"), "two entries for 'a'"),
    "same path in other words": (twice("a/b", "./a//b"), "two entries for 'a/b'"),
    "directory over a file": (twice("a", "a/b"), "both a file and a directory"),
    "cut in a header": (tar_of({"a": b"x" * 2000})[:700], "ends"),
    "cut in a file": (tar_of({"a": b"x" * 2000})[:1600], "too early"),
    "not an archive": (b"weights" * 200, "not a tar archive"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path: Path, registry: FakeRegistry, agent: Agent, name: str) -> None:
    data, reason = REFUSED[name]
    into = tmp_path / "deep" / "er" / "models"
    into.mkdir(parents=True)
    digest = push_artifact(registry, "ns/kit", [(TAR, data, {})])

    run = agent(digest, into, source="oci")

    assert (run.code, reason in run.why) == (7, True), run.text
    assert not (into / "current").exists()
    assert [path.suffix for path in (into / ".store").iterdir()] == [".lock"]
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_same_file_in_two_layers(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    digest = push_artifact(registry, "ns/kit", [(TAR, tar_of({"a": b"1"}), {}), (TAR, tar_of({"a": b"2"}), {})])

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 7
    assert "two entries for 'a'" in run.why


@pytest.mark.parametrize("title", ["../evil", "/evil", "a/../../evil", ".", "\ud800", "a\0b"])
def test_title_that_is_no_safe_path(tmp_path: Path, registry: FakeRegistry, agent: Agent, title: str) -> None:
    layer = ("application/octet-stream", b"x", {"org.opencontainers.image.title": title})

    run = agent(push_artifact(registry, "ns/kit", [layer]), tmp_path, source="oci")

    assert run.code == 7


def zeros(size: int) -> bytes:
    """Return a small gzip that unpacks to a large file."""
    return gzipped(tar_of({"z": bytes(size)}))


def random_tail(data: bytes) -> bytes:
    """Cut a gzip stream short."""
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("make", "flags", "reason"),
    [
        (lambda: zeros(32 * 2**20), [], "looks like an archive bomb"),
        (lambda: zeros(2**20), ["--max-layer-bytes", "1000000"], "more than 1000000 bytes"),
        (lambda: tar_of({"a": b"x"}) + bytes(2**20), ["--max-layer-bytes", "1000000"], "more than 1000000 bytes"),
        (lambda: random_tail(zeros(2**20)), [], "ends in the middle"),
        (lambda: b"\x1f\x8bnothing", [], "gzip layer"),
    ],
)
def test_bombs_and_broken_packing(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, make: Callable[[], bytes], flags: list[str], reason: str
) -> None:
    data = make()
    kind = f"{TAR}+gzip" if data[:2] == b"\x1f\x8b" else TAR

    run = agent(push_artifact(registry, "ns/kit", [(kind, data, {})]), tmp_path, *flags, source="oci")

    assert (run.code, reason in run.why) == (7, True), run.text
    assert not (tmp_path / "current").exists()


def test_small_repetitive_layers_are_no_bombs(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    run = agent(push_artifact(registry, "ns/kit", [(f"{TAR}+gzip", zeros(8 * 2**20), {})]), tmp_path, source="oci")

    assert run.code == 0, run.text
