r"""The list of files that pins a version where nothing else does: a ``SHA256SUMS`` file.

The form is what coreutils' ``sha256sum`` prints and ``sha256sum --check`` reads (GNU Coreutils 9 manual, "md5sum
invocation" and "cksum output modes"): 64 hex digits, a space, a space or ``*`` for binary mode, the name. A line whose
name holds a backslash, a newline or a carriage return starts with a backslash and has them as ``\\``, ``\n``, ``\r``.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from .errors import DigestError, UnsafeError, UnsupportedError, UsageError
from .paths import safe_file_path

LIST_NAME: Final = "SHA256SUMS"
"""Usual name of the list; it lies beside the files."""

LIST_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""Longest list that is read: several hundred thousand files."""

_LINE: Final = re.compile(rb"(?P<escaped>\\?)(?P<digest>[0-9a-fA-F]{64}) [ *](?P<name>[^\0\r]+)")
_ESCAPE: Final = re.compile(rb"\\(.?)", re.DOTALL)
_PLAIN: Final = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}
_HELP: Final = "make the list with `sha256sum` and neither --tag nor --zero"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedFile:
    """One line.

    Attributes:
        path: below the list's directory, with slashes, nothing to be resolved in it; a byte that is not UTF-8 is a
            lone surrogate, as in ``os.fsdecode``.
        digest: ``sha256:<hex>``.
    """

    path: str
    digest: str


def parse_file_list(data: bytes, where: str) -> tuple[ListedFile, ...]:
    """Return the files of a list, in its order.

    Lines that begin with ``#`` are comments, as for ``sha256sum --check``.

    Args:
        data: the list.
        where: what to name in errors.

    Raises:
        UnsupportedError: a line of another form, the list lists itself, or nothing at all.
        UnsafeError: a path that could leave the directory, a path twice, or a file that is also a directory.
    """
    files: dict[str, ListedFile] = {}
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    for number, line in enumerate(lines, 1):
        if line.startswith(b"#"):
            continue
        here = f"{where}, line {number}"
        file = _parse_line(line, here)
        if file.path in files:
            raise UnsafeError(f"{here}: path {file.path!r} is listed twice; the list is refused")
        files[file.path] = file
    if not files:
        raise UnsupportedError(f"{where}: lists no files; {_HELP}")
    for path in files:
        if clash := next((parent for parent in _parents(path) if parent in files), None):
            raise UnsafeError(f"{where}: {clash!r} is a file and the directory of {path!r}; the list is refused")
    return tuple(files.values())


def pinned_file_list(data: bytes, digest: str, where: str) -> tuple[ListedFile, ...]:
    """Return the files of a list that must have a digest.

    Raises:
        DigestError: it is another list.
        AgentError: as ``parse_file_list``.
    """
    found = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if found != digest:
        raise DigestError(f"{where}: the list has digest {found}, {digest} is pinned; nothing was changed")
    return parse_file_list(data, where)


def selects(patterns: Sequence[str], path: str) -> bool:
    """Return whether a file is chosen: by any pattern, or because there are none.

    Patterns are those of ``fnmatch``: ``*`` also matches slashes, case counts.
    """
    return not patterns or any(fnmatchcase(path, pattern) for pattern in patterns)


def chosen(files: Sequence[ListedFile], patterns: Sequence[str], where: str) -> tuple[ListedFile, ...]:
    """Return the files that any pattern chooses.

    Raises:
        UsageError: there are none.
    """
    found = tuple(file for file in files if selects(patterns, file.path))
    if not found:
        raise UsageError(
            f"{where}: no file matches --filter {' '.join(patterns)}; the list begins with {files[0].path!r}"
        )
    return found


def _parse_line(line: bytes, where: str) -> ListedFile:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UnsupportedError(f"{where}: not `<64 hex digits>  path`; {_HELP}")
    name = _unescaped(match["name"], where) if match["escaped"] else match["name"]
    path = "/".join(safe_file_path(name.decode("utf-8", "surrogateescape"), where))
    if path == LIST_NAME:
        raise UnsupportedError(
            f"{where}: the list lists itself; write it elsewhere first, then move it beside the files"
        )
    return ListedFile(path=path, digest=f"sha256:{match['digest'].decode().lower()}")


def _unescaped(name: bytes, where: str) -> bytes:
    def plain(match: re.Match[bytes]) -> bytes:
        if match[1] not in _PLAIN:
            raise UnsupportedError(f"{where}: unknown escape in the name; {_HELP}")
        return _PLAIN[match[1]]

    return _ESCAPE.sub(plain, name)


def _parents(path: str) -> Iterator[str]:
    while slash := path.rpartition("/")[0]:
        path = slash
        yield path
