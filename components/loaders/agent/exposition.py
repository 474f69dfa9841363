"""The Prometheus text format (prometheus.io, "Exposition formats", text format 0.0.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_HELP_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One series and its value.

    Attributes:
        value: of the series.
        labels: in the order they are written.
        suffix: what the family's name is followed by, ``_bucket`` for instance.
    """

    value: float
    labels: Mapping[str, str]
    suffix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One metric and its series."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: tuple[Sample, ...]


def render(families: Iterable[Family]) -> str:
    """Return the text; families without series are left out."""
    return "".join(_family(family) for family in families if family.samples)


def number(value: float) -> str:
    """Return a value as the format wants it: whole numbers without a point, ``+Inf``."""
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(value)


def _family(family: Family) -> str:
    head = f"# HELP {family.name} {family.help.translate(_HELP_ESCAPES)}\n# TYPE {family.name} {family.kind}\n"
    return head + "".join(_line(family.name, sample) for sample in family.samples)


def _line(name: str, sample: Sample) -> str:
    labels = ",".join(f'{key}="{value.translate(_ESCAPES)}"' for key, value in sample.labels.items())
    return f"{name}{sample.suffix}{'{' + labels + '}' if labels else ''} {number(sample.value)}\n"
