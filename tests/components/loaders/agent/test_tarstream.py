"""Our tar reader against the standard library's writer, and against names from anywhere."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from components.loaders.agent.errors import UnsafeError
from components.loaders.agent.exact import ExactReader
from components.loaders.agent.paths import COMPONENT_LIMIT_BYTES, safe_file_path, safe_path
from components.loaders.agent.tarstream import entries

NAMES = st.lists(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
        lambda part: part not in {".", ".."}
    ),
    min_size=1,
    max_size=5,
).map("/".join)


class Pieces:
    """A byte stream that gives pieces of the sizes it is told."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = io.BytesIO(data)
        self._sizes = iter(sizes)

    def read(self) -> bytes:
        """Return the next piece."""
        return self._data.read(next(self._sizes, 65536))


def read_all(data: bytes, sizes: list[int]) -> Iterator[tuple[str, bytes, bool]]:
    """Yield name, content and executable bit of every file."""
    reader = ExactReader(Pieces(data, sizes))
    for entry in entries(reader):
        yield entry.name, b"".join(reader.chunks(entry.size)), entry.executable


@given(
    files=st.dictionaries(NAMES, st.binary(max_size=3000), min_size=1, max_size=6),
    form=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    sizes=st.lists(st.integers(1, 2000), max_size=40),
    executable=st.booleans(),
)
def test_what_was_packed_comes_out(files: dict[str, bytes], form: int, sizes: list[int], *, executable: bool) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755 if executable else 0o644
            archive.addfile(info, io.BytesIO(data))

    found = list(read_all(buffer.getvalue(), sizes))

    assert found == [(name, data, executable) for name, data in files.items()]


@given(st.binary(max_size=4096), st.lists(st.integers(1, 600), max_size=10))
def test_any_bytes_end_in_entries_or_a_refusal(data: bytes, sizes: list[int]) -> None:
    with suppress(UnsafeError):
        list(read_all(data, sizes))


@given(st.data())
def test_broken_archives_never_raise_anything_else(data: st.DataObject) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("ü" * 120)
        info.size = 10
        archive.addfile(info, io.BytesIO(b"0123456789"))
    broken = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, 2600))] = data.draw(st.integers(0, 255))

    with suppress(UnsafeError):
        list(read_all(bytes(broken), []))


@given(st.text(alphabet=st.sampled_from("ab./\\\0 ü☃~$\n"), max_size=40) | st.text(st.characters(), max_size=300))
def test_no_name_leaves_the_root(name: str) -> None:
    root = Path("/models")
    try:
        parts = safe_path(name, "test")
    except UnsafeError:
        return

    joined = root.joinpath(*parts)

    assert joined.is_relative_to(root)
    assert ".." not in joined.parts
    assert all(part and "/" not in part and "\0" not in part for part in parts)
    assert all(len(part.encode("utf-8", "surrogatepass")) <= COMPONENT_LIMIT_BYTES for part in parts)


@given(NAMES)
def test_ordinary_names_are_kept(name: str) -> None:
    if not any(len(part.encode()) > COMPONENT_LIMIT_BYTES for part in name.split("/")):
        assert "/".join(safe_file_path(f"./{name}", "test")) == name
