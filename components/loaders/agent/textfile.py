"""Metrics of commands that end, as a file for the node exporter's textfile collector."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from .logs import Log
from .metrics import Metrics, exposition
from .tree import write_durably

_LIMIT_CHARACTERS: Final = 1024 * 1024
_LINE: Final = re.compile(
    r"model_loader_(?P<name>attempts_total|bytes_total|last_success_timestamp_seconds)"
    r'\{model="(?P<model>[^"\\]*)"(?:,result="(?P<result>[a-z]+)")?\} (?P<value>[0-9.e+]+)'
)


def carry_over(path: Path, metrics: Metrics) -> None:
    """Go on counting where the last run ended: a run that fails must not wipe out when the last one succeeded."""
    with suppress(OSError, ValueError):
        text = path.read_text(encoding="utf-8")[:_LIMIT_CHARACTERS]
        for match in _LINE.finditer(text):
            if match["model"] == metrics.model:
                metrics.begin_at(match["name"], match["result"] or "", float(match["value"]))


def write_textfile(path: Path, several: Sequence[Metrics], log: Log) -> None:
    """Write the file, whole, in one rename. That it cannot be written is told and changes nothing else."""
    try:
        write_durably(path, exposition(several).encode())
        path.chmod(0o644)  # another user collects it
    except OSError as error:
        log.warning("no-metrics-file", path=str(path), why=error.strerror or str(error))
