"""Problems say the full path, the value, the rule and the fix."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.errors import Problem
from stacks.parse import Unparsed, did_you_mean, parse, path_of

SMALLEST: dict[str, Any] = {
    "cluster": {"type": "rehearsal"},
    "nodePools": [{"name": "cpu"}],
    "models": [
        {
            "name": "web",
            "runtime": {"type": "http", "image": "registry.example.com/web:1.0.0"},
            "placement": {"nodePool": "cpu"},
        }
    ],
}


def only_problem(sections: dict[str, Any]) -> Problem:
    parsed = parse(sections)
    assert isinstance(parsed, Unparsed)
    (problem,) = parsed.problems
    return problem


def test_union_tags_are_no_part_of_the_path() -> None:
    model = {**SMALLEST["models"][0], "runtime": {"type": "http", "image": "a/b:1", "port": "8080"}}

    problem = only_problem({**SMALLEST, "models": [model]})

    assert problem.path == "slipway:models[0].runtime.port"
    assert problem.value == '"8080"'


def test_a_list_of_wrong_items_is_not_called_empty_as_well() -> None:
    problem = only_problem({**SMALLEST, "nodePools": [{"name": "cpu", "cpu": "many"}]})

    assert problem.path == "slipway:nodePools[0].cpu"


def test_values_of_fields_that_name_secrets_are_not_shown() -> None:
    registry = {"type": "generic", "server": "registry.example.com", "passwordKey": "not-a-key!"}

    problem = only_problem({**SMALLEST, "registry": registry})

    assert problem.value is None
    assert "not-a-key!" not in str(problem)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("node_pool", "nodePool"), ("NODEPOOL", "nodePool"), ("nodpool", "nodePool"), ("zzz", None)],
)
def test_did_you_mean(word: str, expected: str | None) -> None:
    assert did_you_mean(word, ("nodePool", "cpu", "memoryGib")) == expected


def test_path_of_mixes_keys_and_indexes() -> None:
    assert path_of(("models", 0, "expose", "sourceRanges", 1)) == "slipway:models[0].expose.sourceRanges[1]"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(section=st.sampled_from(["cluster", "nodePools", "models", "storage", "registry", "security"]), junk=JSON)
def test_whatever_is_written_gives_problems_and_never_a_crash(section: str, junk: object) -> None:
    parsed = parse({**SMALLEST, section: junk})

    if isinstance(parsed, Unparsed):
        assert all(problem.path.startswith(f"slipway:{section}") for problem in parsed.problems)
        assert parsed.problems
