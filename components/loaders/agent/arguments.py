"""The command line, checked."""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn

from .errors import UsageError
from .reference import Reference, parse_pinned

DEADLINE_SECONDS: Final = 3600.0
MAX_LAYER_BYTES: Final = 2**40
PARALLEL: Final = 4
"""Layers at a time; more than this did not make a load faster on one disk, and registries limit connections."""

_LINK: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_MIRROR: Final = re.compile(r"(?P<host>[^=/\s]+)=(?P<base>https?://[^/\s?#@]+)/?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments:
    """What ``once`` was asked to do; the meaning of each field is its option's help text."""

    source: Literal["modelkit", "oci"]
    reference: Reference
    filters: tuple[str, ...]
    into: Path
    link: str
    registry_config: Path | None
    ca_file: Path | None
    mirrors: Mapping[str, str]
    plain_http: bool
    deadline_seconds: float
    keep_previous: int
    parallel: int
    max_layer_bytes: int
    verbose: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `python -m agent once --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="agent", description="Bring a model into a directory: whole, verified, in one switch.")
    once = parser.add_subparsers(dest="command", required=True, parser_class=_Parser).add_parser(
        "once", help="load one version and end; exit codes are listed in docs/loaders.md"
    )
    add = once.add_argument
    add("--source", required=True, choices=("modelkit", "oci"), help="kind of artifact")
    add("--reference", required=True, help="host/repository[:tag]@sha256:…; the digest decides")
    add("--filter", action="append", default=[], help="modelkit only, repeatable: model, docs, datasets:NAME, …")
    add("--into", required=True, type=Path, help="directory; the model is at <into>/current")
    add("--link", default="current", help="other name for `current`")
    add("--registry-config", type=Path, help="dockerconfigjson file; read again at every attempt")
    add("--ca-file", type=Path, help="PEM file of a private CA, trusted beside the system's")
    add("--mirror", action="append", default=[], help="HOST=https://mirror; asked in place of HOST, repeatable")
    add("--plain-http", action="store_true", help="speak HTTP without TLS")
    add("--deadline-seconds", type=float, default=DEADLINE_SECONDS, help="most time the load may take")
    add("--keep-previous", type=int, default=1, help="versions kept beside those a link names")
    add("--parallel", type=int, default=PARALLEL, help="layers moved at the same time")
    add("--max-layer-bytes", type=int, default=MAX_LAYER_BYTES, help="most one layer may unpack to")
    add("--verbose", action="store_true", help="log the single steps")
    return parser


def _mirrors(values: Sequence[str]) -> dict[str, str]:
    mirrors: dict[str, str] = {}
    for value in values:
        match = _MIRROR.fullmatch(value)
        if match is None:
            raise UsageError(f"--mirror {value!r} is not HOST=https://mirror-host[:port]")
        mirrors[match["host"]] = match["base"]
    return mirrors


def _check(raw: argparse.Namespace) -> None:
    problems = [
        text
        for wrong, text in (
            (raw.source != "modelkit" and raw.filter, "--filter works with --source modelkit only"),
            (not _LINK.fullmatch(raw.link), f"--link {raw.link!r} is not a plain file name"),
            (not raw.deadline_seconds > 0, f"--deadline-seconds {raw.deadline_seconds:g} is not above 0"),
            (raw.keep_previous < 0, f"--keep-previous {raw.keep_previous} is below 0"),
            (not 1 <= raw.parallel <= 64, f"--parallel {raw.parallel} is not from 1 to 64"),  # noqa: PLR2004  # said in the text
            (raw.max_layer_bytes < 1, f"--max-layer-bytes {raw.max_layer_bytes} is below 1"),
        )
        if wrong
    ]
    if problems:
        raise UsageError("; ".join(problems))


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Parse and check everything that can be checked without disk or network.

    Raises:
        UsageError: with every problem found.
    """
    raw = _parser().parse_args(argv)
    _check(raw)
    return Arguments(
        source=raw.source,
        reference=parse_pinned(raw.reference),
        filters=tuple(raw.filter),
        into=raw.into,
        link=raw.link,
        registry_config=raw.registry_config,
        ca_file=raw.ca_file,
        mirrors=_mirrors(raw.mirror),
        plain_http=raw.plain_http,
        deadline_seconds=raw.deadline_seconds,
        keep_previous=raw.keep_previous,
        parallel=raw.parallel,
        max_layer_bytes=raw.max_layer_bytes,
        verbose=raw.verbose,
    )
