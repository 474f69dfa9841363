"""The command line's half about where a model goes and what a load may take."""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEADLINE_SECONDS: Final = 3600.0
MAX_LAYER_BYTES: Final = 2**40
PARALLEL: Final = 4
"""Layers at a time; more than this did not make a load faster on one disk, and registries limit connections."""

KEEP_SECONDS: Final = 3600.0
"""Time a version stays after a loader last asked for it: pods that read it cannot say so (see ``Store.prune``)."""

_LINK: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_PARALLEL_MOST: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadOptions:
    """Where to and within which bounds; the meaning of each field is its option's help text."""

    into: Path
    link: str
    deadline_seconds: float
    keep_previous: int
    keep_seconds: float
    parallel: int
    max_layer_bytes: int
    verbose: bool


def add_load_options(parser: argparse.ArgumentParser, where: str = "") -> None:
    """Declare the options.

    Args:
        parser: of one command.
        where: what ``--into`` holds; one model if left out.
    """
    add = parser.add_argument
    add("--into", required=True, type=Path, help=f"directory; {where or 'the model is at <into>/current'}")
    add("--link", default="current", help="other name for `current`")
    add("--deadline-seconds", type=float, default=DEADLINE_SECONDS, help="most time one load may take; 3600")
    add("--keep-previous", type=int, default=1, help="versions kept beside those a link names; 1")
    add(
        "--keep-seconds",
        type=float,
        help="time a version stays after it was last in use; 3600, or 0 with --keep-previous 0",
    )
    add("--parallel", type=int, default=PARALLEL, help="layers moved at the same time, 1 to 64; 4")
    add("--max-layer-bytes", type=int, default=MAX_LAYER_BYTES, help="most one layer may unpack to; 2^40")
    add("--verbose", action="store_true", help="log the single steps")


def load_problems(raw: argparse.Namespace) -> Iterator[str]:
    """Yield what cannot be right."""
    if not _LINK.fullmatch(raw.link):
        yield f"--link {raw.link!r} is not a plain file name"
    if not raw.deadline_seconds > 0:
        yield f"--deadline-seconds {raw.deadline_seconds:g} is not above 0"
    if raw.keep_previous < 0:
        yield f"--keep-previous {raw.keep_previous} is below 0"
    if raw.keep_seconds is not None and not raw.keep_seconds >= 0:
        yield f"--keep-seconds {raw.keep_seconds:g} is below 0"
    if not 1 <= raw.parallel <= _PARALLEL_MOST:
        yield f"--parallel {raw.parallel} is not from 1 to {_PARALLEL_MOST}"
    if raw.max_layer_bytes < 1:
        yield f"--max-layer-bytes {raw.max_layer_bytes} is below 1"


def read_load_options(raw: argparse.Namespace) -> LoadOptions:
    """Return the options."""
    keep_seconds = raw.keep_seconds
    if keep_seconds is None:
        keep_seconds = KEEP_SECONDS if raw.keep_previous else 0.0
    return LoadOptions(
        into=raw.into,
        link=raw.link,
        deadline_seconds=raw.deadline_seconds,
        keep_previous=raw.keep_previous,
        keep_seconds=keep_seconds,
        parallel=raw.parallel,
        max_layer_bytes=raw.max_layer_bytes,
        verbose=raw.verbose,
    )
