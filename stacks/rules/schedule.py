"""Whether a crontab line is one that Kubernetes takes and that ever comes.

Kubernetes validates it with ``ParseStandard`` of robfig/cron v3 (CronJob, "Schedule syntax"), which knows neither 7 for
Sunday nor ``L``, ``W`` and ``#``. The libraries for Python take more than that, and a line they let pass would
be refused by the API server halfway through an update; so the few rules are written here.
"""

from itertools import product
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PARTS_LIMIT: Final = 2  # of a range, and of a range with its step

_FIELDS: Final[tuple[tuple[str, int, int, dict[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    ("day of week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)


def fault_of(schedule: str) -> str | None:
    """Return what is wrong with the five fields of a crontab line, None if it is fine."""
    values: list[frozenset[int]] = []
    for text, (name, low, high, words) in zip(schedule.split(), _FIELDS, strict=True):
        try:
            values.append(_values(text, low, high, words))
        except ValueError as error:
            return f'{name} "{text}": {error}'
    if schedule.split()[4] in ("*", "?") and not _comes(values[2], values[3]):
        return "no month has such a day, so it would never run"
    return None


def _comes(days: frozenset[int], months: frozenset[int]) -> bool:
    return any(day <= _LONGEST[month - 1] for day, month in product(days, months))


def _values(field: str, low: int, high: int, words: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        found.update(_range(part, low, high, words))
    return frozenset(found)


def _range(part: str, low: int, high: int, words: dict[str, int]) -> range:
    """Return the values of ``*``, ``5``, ``1-5``, ``*/2``, ``1-9/2`` or ``5/2``, which means 5 to the end.

    Raises:
        ValueError: it is none of these, or outside of the field.
    """
    span, *steps = part.split("/")
    ends = span.split("-")
    if len(steps) >= _PARTS_LIMIT or len(ends) > _PARTS_LIMIT:
        raise ValueError("is no number, range or step")
    step = _number(steps[0], {}) if steps else 1
    if step < 1:
        raise ValueError("a step must be at least 1")
    if span in ("*", "?"):
        return range(low, high + 1, step)
    first = _number(ends[0], words)
    last = _number(ends[1], words) if len(ends) == _PARTS_LIMIT else (high if steps else first)
    if not low <= first <= last <= high:
        raise ValueError(f"must go from {low} to {high}, upwards")
    return range(first, last + 1, step)


def _number(text: str, words: dict[str, int]) -> int:
    if text.lower() in words:
        return words[text.lower()]
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f'"{text}" is no number' + (f" and none of {', '.join(words)}" if words else ""))
    return int(text)
