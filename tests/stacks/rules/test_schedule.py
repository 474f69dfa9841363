"""Crontab lines as Kubernetes reads them."""

import pytest

from stacks.rules.schedule import fault_of


@pytest.mark.parametrize(
    "schedule",
    [
        "*/15 * * * *",
        "0 3 * * *",
        "0,30 8-18 * * mon-fri",
        "5/10 * * * *",
        "0 0 1-15/2 JAN,jul ?",
        "0 0 29 2 *",  # every four years
        "0 0 31 2 MON",  # on Mondays: day of month and day of week add up
        "59 23 31 12 0",
    ],
)
def test_lines_that_kubernetes_takes(schedule: str) -> None:
    assert fault_of(schedule) is None


@pytest.mark.parametrize(
    ("schedule", "fault"),
    [
        ("60 * * * *", 'minute "60": must go from 0 to 59, upwards'),
        ("* 24 * * *", 'hour "24": must go from 0 to 23, upwards'),
        ("* * 0 * *", 'day of month "0": must go from 1 to 31, upwards'),
        ("* * * 13 *", 'month "13": must go from 1 to 12, upwards'),
        ("* * * * 7", 'day of week "7": must go from 0 to 6, upwards'),
        ("30-10 * * * *", 'minute "30-10": must go from 0 to 59, upwards'),
        ("*/0 * * * *", 'minute "*/0": a step must be at least 1'),
        ("1-2-3 * * * *", 'minute "1-2-3": is no number, range or step'),
        ("*/5/5 * * * *", 'minute "*/5/5": is no number, range or step'),
        ("a * * * *", 'minute "a": "a" is no number'),
        ("-1 * * * *", 'minute "-1": "" is no number'),
        ("1, * * * *", 'minute "1,": "" is no number'),
        ("+1 * * * *", 'minute "+1": "+1" is no number'),
        ("* * L * *", 'day of month "L": "L" is no number'),
        ("* * * * MON#2", None),
        ("TZ=UTC * * * *", 'minute "TZ=UTC": "TZ=UTC" is no number'),
        ("0 0 31 4,6 *", "no month has such a day, so it would never run"),
    ],
)
def test_lines_that_it_refuses_or_that_never_come(schedule: str, fault: str | None) -> None:
    found = fault_of(schedule)

    assert found is not None
    assert fault is None or found == fault
