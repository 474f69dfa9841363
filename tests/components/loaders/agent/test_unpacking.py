"""gzip and zstd as streams."""

import gzip
import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.loaders.agent.bytestream import ByteStream
from components.loaders.agent.decompress import RATIO_FREE_BYTES, Gunzip, expanded_limit_bytes
from components.loaders.agent.errors import UnsafeError
from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry
from tests.components.loaders.agent.kits import noise, push_artifact, tar_of
from tests.components.loaders.agent.test_tarstream import Pieces

ZSTD = [name for name in ("compression", "zstandard") if importlib.util.find_spec(name) is not None]
needs_zstd = pytest.mark.skipif(
    not ZSTD, reason="this Python has neither compression.zstd (3.14) nor the zstandard package"
)


def whole(stream: ByteStream) -> bytes:
    """Read a stream to its end."""
    return b"".join(iter(stream.read, b""))


@given(st.lists(st.binary(max_size=5000), min_size=1, max_size=4), st.lists(st.integers(1, 700), max_size=30))
def test_gzip_of_several_members_in_any_pieces(members: list[bytes], sizes: list[int]) -> None:
    packed = b"".join(gzip.compress(member) for member in members)

    assert whole(Gunzip(Pieces(packed, sizes))) == b"".join(members)


@given(st.binary(min_size=1, max_size=2000), st.data())
def test_cut_gzip_is_refused(content: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(content)
    cut = data.draw(st.integers(1, len(packed) - 1))

    with pytest.raises(UnsafeError):
        whole(Gunzip(Pieces(packed[:cut], [])))


@pytest.mark.parametrize(
    ("compression", "packed", "limit", "expected"),
    [
        ("", 1000, 2**40, 1000),
        ("", 1000, 10, 10),
        ("gzip", 10, 2**40, RATIO_FREE_BYTES),
        ("gzip", 2**30, 2**50, 100 * 2**30),
        ("zstd", 2**30, 2**31, 2**31),
    ],
)
def test_limits(compression: str, packed: int, limit: int, expected: int) -> None:
    assert expanded_limit_bytes(compression, packed, limit) == expected  # pyright: ignore[reportArgumentType]  # from a table


def test_zstd_is_refused_clearly_where_python_has_none(
    tmp_path: Path, registry: FakeRegistry, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("compression", "compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)
    digest = push_artifact(registry, "ns/kit", [("application/vnd.oci.image.layer.v1.tar+zstd", b"packed", {})])

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 12
    assert "use an image with Python 3.14" in run.why


@needs_zstd
def test_zstd_layers(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    content = noise(3_000_000)
    packed = _zstd_compress(tar_of({"w.bin": content})[:-512]) + _zstd_compress(bytes(512))
    digest = push_artifact(registry, "ns/kit", [("application/vnd.oci.image.layer.v1.tar+zstd", packed, {})])

    assert agent(digest, tmp_path, source="oci").code == 0
    assert (tmp_path / "current/w.bin").read_bytes() == content


@needs_zstd
@pytest.mark.parametrize("form", ["bomb", "cut", "garbage"])
def test_zstd_that_is_refused(tmp_path: Path, registry: FakeRegistry, agent: Agent, form: str) -> None:
    archive = tar_of({"w.bin": bytes(64 * 2**20) if form == "bomb" else noise(300_000)})
    packed = _zstd_compress(archive)
    data = {"bomb": packed, "cut": packed[:200_000], "garbage": b"not zstd at all"}[form]
    digest = push_artifact(registry, "ns/kit", [("application/vnd.oci.image.layer.v1.tar+zstd", data, {})])

    run = agent(digest, tmp_path, source="oci")

    assert run.code == 7, run.text
    assert not (tmp_path / "current").exists()


def _zstd_compress(data: bytes) -> bytes:
    if "compression" in ZSTD:
        return importlib.import_module("compression.zstd").compress(data)
    return importlib.import_module("zstandard").ZstdCompressor().compress(data)
