"""Notes of an archive: what they say with the files is the archive's beginning, whatever end of them was lost."""

import io
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.loaders.agent import tarnotes
from components.loaders.agent.plan import Layer
from components.loaders.agent.staging import Staging
from components.loaders.agent.tarnotes import TarNotes, read_notes
from tests.components.loaders.agent.kits import noise, tar_of
from tests.components.loaders.agent.layers import BytesBlob

CONTENTS = st.lists(st.integers(0, 3000), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(sizes=CONTENTS, cut=st.floats(0, 1), lost=st.integers(0, 600), junk=st.binary(max_size=40))
def test_whatever_was_kept_is_a_beginning(sizes: list[int], cut: float, lost: int, junk: bytes) -> None:
    """Whatever end of the notes is lost or garbage: what counts as the beginning is the archive's first bytes."""
    archive = tar_of({f"d/{number}": noise(size, number) for number, size in enumerate(sizes)})
    layer = Layer(blob=BytesBlob(archive), form="tar", compression="")
    with tempfile.TemporaryDirectory() as name:
        staging = Staging(Path(name), "sha256-1")
        staging.open()
        half_written(staging, layer, archive, int(cut * len(archive)))
        notes = next((staging.path / "begun").glob("*.notes"))
        data = notes.read_bytes()
        notes.write_bytes(data[: max(0, len(data) - lost)] + junk)

        assert staging.recover([layer]) == set()

        begun = staging.beginnings.of(layer)
        pieces = b"".join(begun.pieces()) if begun is not None else b""
        assert len(pieces) == (begun.size_bytes if begun is not None else 0)
        assert len(pieces) <= len(archive)
        assert junk or archive.startswith(pieces)
        assert not [path for path in staging.tree.rglob("*") if path.is_file()]
        staging.close()


def half_written(staging: Staging, layer: Layer, whole: bytes, read_bytes: int) -> None:
    """Leave what a run leaves that has read so much of an archive."""
    with staging.beginnings.notes(layer) as notes, tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        end = 0
        for info in archive:
            if info.offset_data > read_bytes:
                break
            notes.add(whole[end : info.offset_data], tuple(info.name.split("/")), info.size)
            end = info.offset_data + info.size
            (path := staging.tree / info.name).parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(whole[info.offset_data : min(end, read_bytes)])


def test_notes_that_are_known_are_not_written_again(tmp_path: Path) -> None:
    entries = [(b"h1", ("a",), 5), (b"h2", ("b", "c"), 0), (b"", ("d",), 7)]
    with TarNotes(tmp_path / "n") as notes:
        for entry in entries[:2]:
            notes.add(*entry)
    with (tmp_path / "n").open("ab") as file:
        file.write(b"torn")

    with TarNotes(tmp_path / "n") as notes:
        for entry in entries:
            notes.add(*entry)

    assert [(note.head, note.parts, note.size) for note in read_notes(tmp_path / "n")] == entries


def test_headers_without_end_are_not_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarnotes, "HEAD_LIMIT_BYTES", 10)
    with TarNotes(tmp_path / "n") as notes:
        notes.add(b"h", ("a",), 1)
        notes.add(bytes(11), ("b",), 1)
        notes.add(b"h", ("c",), 1)  # it would seem to follow on the first

    assert [note.parts for note in read_notes(tmp_path / "n")] == [("a",)]
