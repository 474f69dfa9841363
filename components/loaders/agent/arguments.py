"""The command line, checked."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from .errors import UsageError
from .loadoptions import LoadOptions, add_load_options, load_problems, read_load_options
from .reference import parse_pinned
from .sourceoptions import REGISTRY_KINDS, SourceOptions, add_source_options, read_source_options, source_problems


@dataclass(frozen=True, kw_only=True, slots=True)
class OnceArguments:
    """What ``once`` was asked to do."""

    command: Literal["once"]
    source: SourceOptions
    load: LoadOptions


Arguments = OnceArguments


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `python -m {self.prog} --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="agent", description="Bring a model into a directory: whole, verified, in one switch.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    once = commands.add_parser("once", help="load one version and end; exit codes are listed in docs/loaders.md")
    add_source_options(once)
    add_load_options(once)
    return parser


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Parse and check everything that can be checked without disk or network.

    Raises:
        UsageError: with every problem found.
    """
    raw = _parser().parse_args(argv)
    if problems := [*source_problems(raw), *load_problems(raw)]:
        raise UsageError("; ".join(problems))
    source = read_source_options(raw)
    if source.kind in REGISTRY_KINDS:  # of the others the source itself reads it
        parse_pinned(source.reference)
    return OnceArguments(command="once", source=source, load=read_load_options(raw))
