"""Rules are also run over what is whole when part of a stack file is wrong."""

from typing import Any

from stacks.parse import Unparsed, parse
from stacks.rules.every import judge
from tests.stacks.test_parse import SMALLEST

LOST = {**SMALLEST["models"][0], "name": "lost", "placement": {"nodePool": "nowhere"}}
WRONG = {**SMALLEST["models"][0], "name": "Wrong"}


def paths(sections: dict[str, Any]) -> list[str]:
    parsed = parse(sections)
    assert isinstance(parsed, Unparsed)
    return [problem.path for problem in judge(sections, parsed)]


def test_a_rule_problem_behind_a_wrong_model_keeps_its_place_in_the_file() -> None:
    assert paths({**SMALLEST, "models": [WRONG, LOST]}) == [
        "slipway:models[0].name",
        "slipway:models[1].placement.nodePool",
    ]


def test_an_unknown_key_does_not_hide_what_the_rules_find() -> None:
    assert paths({**SMALLEST, "models": [{**LOST, "replicas": 2}]}) == [
        "slipway:models[0].replicas",
        "slipway:models[0].placement.nodePool",
    ]


def test_no_rule_judges_by_a_value_nobody_wrote() -> None:
    pools = [{"name": "nowhere", "cpu": "many"}]

    assert paths({**SMALLEST, "nodePools": pools, "models": [LOST]}) == ["slipway:nodePools[0].cpu"]
