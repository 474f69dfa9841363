"""Whatever an archive, a manifest or a Kitfile says: nothing is written outside the tree, all else where it should.

Archives are drawn as lists of entries and written by the standard library, extended headers included. A small judge
that shares no code with the agent decides from the list, not from the bytes, which of them are fine and what tree they
must become.
"""

import io
import os
import posixpath
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import UnsafeError
from components.loaders.agent.flush import Flusher
from components.loaders.agent.layerload import LayerLoader
from components.loaders.agent.logs import Log
from components.loaders.agent.paths import safe_file_path, safe_path
from components.loaders.agent.plan import Layer
from components.loaders.agent.progress import Progress
from components.loaders.agent.staging import Staging
from tests.components.loaders.agent.layers import BytesBlob

MEMORY: Final = Path("/dev/shm")  # noqa: S108  # only directories of mkdtemp are made in it
PLAIN: Final = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
SPECIAL: Final = (
    tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE, b"Z",
)  # fmt: skip
NAME_MAX: Final = 255
PATH_MOST: Final = 2048


@dataclass(frozen=True)
class Entry:
    """One entry of an archive.

    Attributes:
        name: its path; in an extended header if ``hidden``, under a harmless name in the plain one.
        kind: type flag.
        data: content of a file.
        executable: whether its owner may run it.
        hidden: see ``name``.
        sparse: whether an extended header calls it sparse.
    """

    name: str
    kind: bytes = tarfile.REGTYPE
    data: bytes = b""
    executable: bool = False
    hidden: bool = False
    sparse: bool = False


PARTS = st.sampled_from(
    ["a", "b", "a", "b", "..", ".", "", "...", "..a", "x" * NAME_MAX, "x" * (NAME_MAX + 1), "ü" * 127 + "x", "ü" * 128,
     "é", "e\u0301", "\u202e", "~", "-rf", "\\", "a\n", " ", "C:", "🤖"]
)  # fmt: skip
TAME_PARTS = st.sampled_from(["a", "b", "c", "é", "🤖", "..a", "-rf", " "])
LONG = st.lists(st.just("d" * 60), min_size=30, max_size=40)


@st.composite
def names(draw: st.DrawFn) -> str:
    """Draw a path of any kind."""
    start = draw(st.sampled_from(["", "", "", "./", "/", "//", "../"]))
    parts = draw(st.lists(PARTS, min_size=1, max_size=4) | LONG)
    return start + "/".join(parts) + draw(st.sampled_from(["", "", "", "/", "/.", "/.."]))


@st.composite
def tame_names(draw: st.DrawFn) -> str:
    """Draw a path that is fine by itself."""
    parts = draw(st.lists(TAME_PARTS, min_size=1, max_size=4) | LONG.map(lambda long: long[:33]))
    return draw(st.sampled_from(["", "./"])) + draw(st.sampled_from(["/", "//", "/./"])).join(parts)


ENTRIES = st.builds(
    Entry,
    name=names(),
    kind=st.sampled_from([*PLAIN * 3, *[tarfile.DIRTYPE] * 4, *SPECIAL]),
    data=st.binary(max_size=700),
    executable=st.booleans(),
    hidden=st.booleans(),
    sparse=st.sampled_from([False] * 19 + [True]),
)
TAME = st.builds(
    Entry,
    name=tame_names(),
    kind=st.sampled_from([*PLAIN, tarfile.DIRTYPE]),
    data=st.binary(max_size=700),
    executable=st.booleans(),
    hidden=st.booleans(),
)
ARCHIVES = st.lists(TAME, min_size=1, max_size=5) | st.lists(TAME | ENTRIES, min_size=1, max_size=4)
FORMS = st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])


def packed(entries: list[Entry], form: int) -> bytes:
    """Write an archive; entries that this form cannot hold are not for this test."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for entry in entries:
            info = tarfile.TarInfo("harmless" if entry.hidden and form == tarfile.PAX_FORMAT else entry.name)
            info.type = entry.kind
            info.mode = 0o755 if entry.executable else 0o600
            info.linkname = "/etc/passwd" if entry.kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
            content = entry.data if entry.kind in PLAIN else b""
            info.size = len(content)
            if form == tarfile.PAX_FORMAT:
                info.pax_headers = {"path": entry.name} if entry.hidden else {}
                info.pax_headers |= {"GNU.sparse.major": "1", "GNU.sparse.name": "x"} if entry.sparse else {}
            try:
                archive.addfile(info, io.BytesIO(content))
            except ValueError:
                assume(False)  # noqa: FBT003  # hypothesis' own way to say so
    return buffer.getvalue()


Tree = dict[str, tuple[bytes, int] | None]
"""Content and mode of files by path; None for a directory."""


def judge(entries: list[Entry], form: int) -> Tree | None:
    """Return the tree that an archive must become, or None if it must be refused."""
    tree: Tree = {}
    for entry in entries:
        if entry.kind in SPECIAL or (entry.sparse and form == tarfile.PAX_FORMAT) or not is_harmless(entry.name):
            return None
        path = posixpath.normpath(posixpath.join("root", entry.name)).removeprefix("root").strip("/")
        # An old archive marks a directory by the slash at its end (tar(5), "Old-Style Archive Format").
        slash = entry.name.endswith("/") and not (entry.hidden and form == tarfile.PAX_FORMAT)
        directory = entry.kind == tarfile.DIRTYPE or (entry.kind == tarfile.AREGTYPE and slash)
        if directory and entry.kind == tarfile.AREGTYPE and entry.data:
            return None  # a directory with content
        if not directory and (not path or path in tree):
            return None
        above = path.split("/") if directory and path else path.split("/")[:-1]
        for end in range(1, len(above) + 1):
            if tree.setdefault("/".join(above[:end]), None) is not None:
                return None  # a file is in the way
        if not directory:
            tree[path] = (entry.data, 0o755 if entry.executable else 0o644)
    return tree


def is_harmless(name: str) -> bool:
    """Return whether a path may be written below a directory, judged in bytes."""
    raw = os.fsencode(name)
    pieces = raw.split(b"/")
    return (
        not raw.startswith(b"/")
        and b".." not in pieces
        and b"\0" not in raw
        and len(raw) <= PATH_MOST
        and max(map(len, pieces)) <= NAME_MAX
    )


@contextmanager
def sandbox() -> Generator[Path]:
    """Make a directory for one example, in memory where that is possible."""
    base = Path(tempfile.mkdtemp(prefix="slipway-path-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield base
    finally:
        shutil.rmtree(base)


def found(root: Path) -> Tree:
    """Read a tree, looking at links, not through them."""
    tree: Tree = {}
    for directory, below, files in os.walk(root):
        for name in (*below, *files):
            path = Path(directory, name)
            state = path.lstat()
            assert stat.S_ISDIR(state.st_mode) or (stat.S_ISREG(state.st_mode) and state.st_nlink == 1), path
            content = (path.read_bytes(), stat.S_IMODE(state.st_mode)) if stat.S_ISREG(state.st_mode) else None
            tree[str(path.relative_to(root))] = content
    return tree


def load(base: Path, layer: Layer) -> bool:
    """Load one layer below a directory and return whether it was accepted; whatever else raises is a fault."""
    staging = Staging(base, "in")
    staging.open()
    log = Log(io.StringIO())
    try:
        with Flusher(1) as flusher:
            LayerLoader(Deadline(60), log, Progress(log, layer.blob.size), staging, flusher, 2**30).load(layer).let_go()
    except UnsafeError:
        return False
    finally:
        staging.close()
        staging.path.rename(base / "in")
    return True


@settings(max_examples=150, deadline=None)
@given(entries=ARCHIVES, form=FORMS)
@example([Entry("../outside/x")], tarfile.GNU_FORMAT)
@example([Entry("a", tarfile.SYMTYPE), Entry("a/b")], tarfile.GNU_FORMAT)
@example([Entry("a", tarfile.DIRTYPE), Entry("a"), Entry("a/b")], tarfile.PAX_FORMAT)
@example([Entry("../outside/x", hidden=True)], tarfile.PAX_FORMAT)
@example([Entry("./", tarfile.DIRTYPE), Entry(".//a/./b", data=b"x", executable=True)], tarfile.USTAR_FORMAT)
def test_archives(entries: list[Entry], form: int) -> None:
    expected = judge(entries, form)
    data = packed(entries, form)
    with sandbox() as base:
        (base / "outside").mkdir()

        accepted = load(base, Layer(blob=BytesBlob(data), form="tar", compression=""))

        tree = found(base / "in/tree")
        assert accepted == (expected is not None)
        assert not accepted or tree == expected
        assert os.listdir(base) in (["in", "outside"], ["outside", "in"])  # noqa: PTH208  # names are enough
        assert list((base / "outside").iterdir()) == []
        assert {path.name for path in (base / "in").iterdir()} == {"alive", "begun", "layers", "tree"}
        assert {path.suffix for path in (base / "in/begun").iterdir()} <= {".notes"}


TEXTS = names() | tame_names() | st.text(alphabet=st.sampled_from("ab./\\\0 ü☃~$\n\ud800\udcff"), max_size=30)


@settings(max_examples=150, deadline=None)
@given(name=TEXTS, data=st.binary(max_size=50), executable=st.booleans())
@example(name="\udcff", data=b"", executable=False)  # a byte that is no UTF-8, as Python names it
@example(name="\ud800", data=b"", executable=False)  # half a character, as JSON may hold it
def test_one_file_at_a_path_from_a_manifest_or_a_kitfile(name: str, data: bytes, *, executable: bool) -> None:
    try:
        expected = is_harmless(name) and bool(posixpath.normpath(f"root/{name}").removeprefix("root"))
    except UnicodeEncodeError:
        expected = False  # no bytes stand for it
    with sandbox() as base:
        try:
            parts = safe_file_path(name, "test")
        except UnsafeError:
            assert not expected
            return

        accepted = load(
            base, Layer(blob=BytesBlob(data), form="raw", compression="", parts=parts, executable=executable)
        )

        assert accepted
        assert expected
        place = posixpath.normpath(f"root/{name}").removeprefix("root/")
        files = {path: content for path, content in found(base / "in/tree").items() if content is not None}
        assert files == {place: (data, 0o755 if executable else 0o644)}


@given(directory=TEXTS, inner=TEXTS)
def test_archive_below_a_directory_from_a_kitfile_stays_in_it(directory: str, inner: str) -> None:
    """Layers of old kits are unpacked where their Kitfile entry says; both halves of a path come from outside."""
    try:
        parts = (*safe_path(directory, "test")[:-1], *safe_file_path(inner, "test"))
    except UnsafeError:
        return

    joined = posixpath.normpath("/".join(("root", *parts)))

    assert joined.startswith("root/")
    assert joined.split("/")[1:] == list(parts)
