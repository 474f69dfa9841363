"""Links and directories that a runtime reads, beside the store and on its volume.

Everything is reached by relative links, so it does not matter where the runtime mounts the volume.
"""

import os
import shutil
import time
from pathlib import Path
from typing import Final

from .adapter import Version
from .tree import DIRECTORY_MODE, sync_directories, sync_directory

SCRATCH: Final = ".served"
"""Directory beside the store for what is not in place yet; runtimes do not look there."""

_TICK_NS: Final = 1_000_000
"""What a newer time is newer by, at least: file systems with coarser clocks than this are not in use for models."""


def scratch(version: Version, name: str) -> Path:
    """Return a directory of ours on the volume, made if need be."""
    path = version.link.parent / SCRATCH / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def text_of(link: Path) -> str:
    """Return what a link holds; empty if there is none."""
    try:
        return os.readlink(link)  # noqa: PTH115  # text, not a path made of it
    except OSError:
        return ""


def put_link(link: Path, target: Path, workshop: Path) -> None:
    """Point a link at something in one rename; it is made elsewhere, so no listing ever shows a half-made name."""
    fresh = workshop / ".link"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(os.path.relpath(target, link.parent))
    fresh.replace(link)
    sync_directory(link.parent)


def newest_ns(root: Path) -> int:
    """Return the latest change or modification time below a directory, itself included, nanoseconds."""
    paths = [root, *root.rglob("*")] if root.is_dir() else []
    states = [path.stat() for path in paths if path.exists()]
    return max((max(state.st_mtime_ns, state.st_ctime_ns) for state in states), default=0)


def mirror(source: Path, destination: Path, newer_than_ns: int) -> None:
    """Make directories like those of a version, new ones, with a relative link for every file.

    Args:
        source: directory whose files are linked to.
        destination: must not exist.
        newer_than_ns: what the time of every directory must exceed.
    """
    made: list[Path] = []
    for directory, names, files in os.walk(source):
        here = destination / Path(directory).relative_to(source)
        here.mkdir(mode=DIRECTORY_MODE)
        here.chmod(DIRECTORY_MODE)  # whatever the umask: the runtime may have another user
        made.append(here)
        names.sort()
        for name in files:
            (here / name).symlink_to(os.path.relpath(Path(directory, name), here))
    stamp = max(time.time_ns(), newer_than_ns + _TICK_NS)
    for path in made:
        os.utime(path, ns=(stamp, stamp))
    sync_directories(destination)


def remove(path: Path) -> None:
    """Remove a directory of ours, links and all."""
    shutil.rmtree(path, ignore_errors=True)
