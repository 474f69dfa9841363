"""The waitFor annotation."""

import re
from typing import TYPE_CHECKING, cast

import pytest

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.awaiting.verdict import Look, State, Verdict
from rehearsal.providers.kubernetes.awaiting.wait_for import judge_annotation
from rehearsal.providers.serve import ProviderError

if TYPE_CHECKING:
    from rehearsal.providers.kubernetes.cluster import Cluster

LIVE: Tree = {
    "metadata": {"labels": {"a.b/c": "x"}},
    "status": {
        "phase": "Running",
        "n": 3,
        "list": [{"ip": "1"}, {"ip": "2"}],
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}


def judged(value: str) -> Verdict:
    """Judge by an annotation's value."""
    return judge_annotation(value)(Look(cast("Cluster", None), LIVE, created=True))


@pytest.mark.parametrize(
    ("value", "ready"),
    [
        ("condition=Ready", True),
        ("condition=Ready=False", False),
        ("condition=Other", False),
        ("jsonpath={.status.phase}", True),
        ("jsonpath={.status.phase}=Running", True),
        ("jsonpath={.status.phase}=Failed", False),
        ("jsonpath={.status.none}", False),
        ("jsonpath={.status.n}=3", True),
        ("jsonpath={.status.list[*].ip}=2", True),
        ("jsonpath={.status.list[0].ip}=2", False),
        ("jsonpath={.metadata.labels['a.b/c']}=x", True),
        ('["condition=Ready", "jsonpath={.status.phase}=Running"]', True),
        ('["condition=Ready", "jsonpath={.status.phase}=Failed"]', False),
    ],
)
def test_conditions_paths_and_lists(value: str, ready: bool) -> None:  # noqa: FBT001  # a case
    assert (judged(value).state is State.READY) is ready


def test_what_is_missing_is_told() -> None:
    assert judged("jsonpath={.status.none}=x").progress == "{.status.none} selected nothing"
    assert judged("jsonpath={.status.phase}=x").reasons == ("{.status.phase} is Running, not x",)


@pytest.mark.parametrize("value", ["Ready", "condition=", "jsonpath=.status", "jsonpath={..a}", "[1", "jsonpath={.a}x"])
def test_other_forms_are_refused(value: str) -> None:
    with pytest.raises(ProviderError, match=re.escape("pulumi.com/waitFor")):
        judge_annotation(value)
