"""The command line, checked."""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn

from .adapteroptions import AdapterOptions, adapter_problems, add_adapter_options, read_adapter_options
from .errors import UsageError
from .loadoptions import LoadOptions, add_load_options, load_problems, read_load_options
from .pins import split_pin
from .reference import parse_pinned
from .runoptions import RunOptions, add_run_options, read_run_options, run_problems
from .signatureoptions import (
    SignatureOptions,
    add_signature_options,
    read_signature_options,
    signature_problems,
)
from .sourceoptions import REGISTRY_KINDS, SourceOptions, add_source_options, read_source_options, source_problems

_KEY: Final = re.compile(r"sha256-[0-9a-f]{64}(\.[0-9a-f]{12})?")
_HELP: Final = {
    "once": "load one version and end; exit codes are listed in docs/loader-agent.md",
    "preload": "the same, and wait for a source that is down",
    "sync": "look once at a name that may move, load and switch if it moved, and end",
    "watch": "load the first version, then follow the name and tell the runtime",
    "cache": "keep the models of a list",
    "wait": "end as soon as a version is there",
}

ModelCommand = Literal["once", "preload", "sync", "watch"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelArguments:
    """What a command for one model was asked to do; only ``watch`` has an adapter."""

    command: ModelCommand
    source: SourceOptions
    signature: SignatureOptions
    load: LoadOptions
    run: RunOptions
    adapter: AdapterOptions | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheArguments:
    """What ``cache`` was asked to do; ``load.into`` holds the models' directories."""

    command: Literal["cache"]
    models: Path
    load: LoadOptions
    run: RunOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitArguments:
    """What ``wait`` was asked to wait for; an empty key stands for whatever the link names."""

    command: Literal["wait"]
    into: Path
    link: str
    key: str
    checks: tuple[str, ...]
    deadline_seconds: float
    verbose: bool


Arguments = ModelArguments | CacheArguments | WaitArguments


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `python -m {self.prog} --help`")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = _Parser(prog="agent", description="Bring a model into a directory: whole, verified, in one switch.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for name, text in _HELP.items():
        command = commands.add_parser(name, help=text)
        if name == "wait":
            _add_wait_options(command)
            continue
        if name == "cache":
            command.add_argument("--models", required=True, type=Path, help="JSON list of {name, args}")
        else:
            _add_what(command)
        add_load_options(command, where="the models are at <into>/<name>/current" if name == "cache" else "")
        add_run_options(command, model=name != "cache", stays=name in {"watch", "cache"})
        if name == "watch":
            add_adapter_options(command)
    return parser


def _add_wait_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--into", required=True, type=Path, help="directory; may be mounted read-only")
    add("--key", default="", help="the store's name of the version; any that is current if left out")
    add("--check", action="append", default=[], help="name of a check its receipt must have as passed, repeatable")
    add("--link", default="current", help="the link that must name a version, if no key is given")
    add("--deadline-seconds", type=float, default=3600.0, help="most time to wait; 3600")
    add("--verbose", action="store_true", help="log the single steps")


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Parse and check everything that can be checked without disk or network.

    Raises:
        UsageError: with every problem found.
    """
    raw, unknown = make_parser().parse_known_args(argv)
    if unknown:
        raise UsageError(f"unrecognized arguments: {' '.join(unknown)}; see `python -m agent {raw.command} --help`")
    if problems := list(_problems(raw)):
        raise UsageError("; ".join(problems))
    if raw.command == "wait":
        return WaitArguments(
            command="wait",
            into=raw.into,
            link=raw.link,
            key=raw.key,
            checks=tuple(raw.check),
            deadline_seconds=raw.deadline_seconds,
            verbose=raw.verbose,
        )
    load, run = read_load_options(raw), read_run_options(raw)
    if raw.command == "cache":
        return CacheArguments(command="cache", models=raw.models, load=load, run=run)
    source = read_source_options(raw)
    _check_pin(source, needed=raw.command in {"once", "preload"})
    return ModelArguments(
        command=raw.command,
        source=source,
        signature=read_signature_options(raw),
        load=load,
        run=run,
        adapter=read_adapter_options(raw) if raw.command == "watch" else None,
    )


def parse_listed(args: Sequence[str]) -> tuple[SourceOptions, SignatureOptions]:
    """Parse the arguments of one model in a cache's list.

    Raises:
        UsageError: they cannot be right.
    """
    parser = _Parser(prog="agent", description="Arguments of one model.")
    _add_what(parser)
    raw = parser.parse_args(args)
    if problems := [*source_problems(raw), *signature_problems(raw)]:
        raise UsageError("; ".join(problems))
    source = read_source_options(raw)
    _check_pin(source, needed=False)
    return source, read_signature_options(raw)


def _add_what(parser: argparse.ArgumentParser) -> None:
    add_source_options(parser)
    add_signature_options(parser)


def _check_pin(source: SourceOptions, *, needed: bool) -> None:
    """Check a reference to a registry; the other kinds of sources read theirs themselves.

    Raises:
        UsageError: it is none, or has no digest where one is needed.
    """
    if source.kind in REGISTRY_KINDS and (needed or split_pin(source.reference)[1]):
        parse_pinned(source.reference)


def _problems(raw: argparse.Namespace) -> Iterator[str]:
    if raw.command == "wait":
        if raw.key and not _KEY.fullmatch(raw.key):
            yield f"--key {raw.key!r} is not sha256-<64 hex digits>, with .<12 hex digits> for a selection"
        if not raw.deadline_seconds > 0:
            yield f"--deadline-seconds {raw.deadline_seconds:g} is not above 0"
        return
    if raw.command != "cache":
        yield from source_problems(raw)
        yield from signature_problems(raw)
    if raw.command == "watch":
        yield from adapter_problems(raw)
    yield from load_problems(raw)
    yield from run_problems(raw)
