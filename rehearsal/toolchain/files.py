"""Files that are whole or not there."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_atomic(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes a file beside its place and renames it, so that no reader sees half of it.

    A file that already says the same keeps its time stamp.
    """
    if path.is_file() and not path.is_symlink() and path.read_bytes() == text.encode():
        path.chmod(mode)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    draft.write_text(text, encoding="utf-8")
    draft.chmod(mode)
    draft.replace(path)


def link_atomic(target: Path, link: Path) -> None:
    """Makes or moves a symbolic link in one step."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(link)
    draft.symlink_to(target)
    draft.replace(link)


def same_file_atomic(source: Path, target: Path) -> None:
    """Puts a hard link at `target`, or a copy where the file systems differ."""
    source = source.resolve()
    if target.is_file() and not target.is_symlink() and _same(source, target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(target)
    try:
        os.link(source, draft)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, draft)
    draft.replace(target)


def _same(left: Path, right: Path) -> bool:
    a, b = left.stat(), right.stat()
    return os.path.samestat(a, b) or (a.st_size, a.st_mtime_ns) == (b.st_size, b.st_mtime_ns)


def _draft(path: Path) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    return draft
