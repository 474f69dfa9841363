"""Time budgets and strategies of a Deployment."""

import pytest

from components.objects import Manifest
from components.workload.rollout import Strategy, strategy, times
from tests.components.model_samples import HTTP, serve


def test_budgets_of_a_slow_model() -> None:
    server = serve(startup_seconds=1200)
    budget = times(server, load_seconds=300, max_pods=4)
    # 1200 * 1.5 to start, 300 to load, 60 of attention, 60 for the old pod to leave.
    assert budget.progress == 1800 + 300 + 60 + 60
    assert budget.create == budget.progress + 10 + 60
    assert budget.update == 4 * (budget.progress + 10) + 60
    assert budget.delete == 60 + 300


def test_a_quick_server_gets_no_less_than_the_usual_patience() -> None:
    assert times(serve(HTTP, startup_seconds=10), load_seconds=0, max_pods=1).progress == 600


@pytest.mark.parametrize(("startup_seconds", "load_seconds"), [(10, 0), (600, 1000), (14_400, 3600)])
def test_the_deadline_is_longer_than_loading_and_starting(startup_seconds: int, load_seconds: int) -> None:
    budget = times(serve(startup_seconds=startup_seconds), load_seconds=load_seconds, max_pods=2)
    assert budget.progress > startup_seconds + load_seconds
    assert budget.create > budget.progress


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("recreate", {"type": "Recreate"}),
        ("replace", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
        ("surge", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
    ],
)
def test_strategies(chosen: Strategy, expected: Manifest) -> None:
    assert strategy(chosen) == expected
