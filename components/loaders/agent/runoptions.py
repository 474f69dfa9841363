"""The command line's half about what a command tells and how often it looks."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import UsageError
from .listenaddress import split_address

INTERVAL_SECONDS: Final = 60.0
"""Pause between two looks; an unchanged look costs the source one small request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """What is told and how often; the meaning of each field is its option's help text."""

    model: str
    metrics_file: Path | None
    listen: str
    interval_seconds: float


def add_run_options(parser: argparse.ArgumentParser, *, model: bool, stays: bool) -> None:
    """Declare the options.

    Args:
        parser: of one command.
        model: whether the command has one model, which metrics name.
        stays: whether the command runs on and looks again.
    """
    add = parser.add_argument
    add("--metrics-file", type=Path, help="file for the node exporter's textfile collector, replaced as a whole")
    if model:
        add("--model", default="", help="label `model` of the metrics; the last part of --into if left out")
    if stays:
        add("--listen", default="", help="HOST:PORT for /healthz, /readyz and /metrics; nowhere if left out")
        add("--interval-seconds", type=float, default=INTERVAL_SECONDS, help="pause between two looks; 60")


def run_problems(raw: argparse.Namespace) -> Iterator[str]:
    """Yield what cannot be right."""
    if listen := getattr(raw, "listen", ""):
        try:
            split_address(listen)
        except UsageError as error:
            yield str(error)
    if not getattr(raw, "interval_seconds", INTERVAL_SECONDS) > 0:
        yield f"--interval-seconds {raw.interval_seconds:g} is not above 0"


def read_run_options(raw: argparse.Namespace) -> RunOptions:
    """Return the options; those that a command lacks have their defaults."""
    return RunOptions(
        model=getattr(raw, "model", "") or raw.into.absolute().name or "model",
        metrics_file=raw.metrics_file,
        listen=getattr(raw, "listen", ""),
        interval_seconds=getattr(raw, "interval_seconds", INTERVAL_SECONDS),
    )
