"""Which inputs are refused, and with what words."""

from typing import Any

import pytest

from rehearsal.providers.codec import UNKNOWN, Secret
from rehearsal.providers.random.kinds import KINDS
from rehearsal.providers.serve import ProviderError
from tests.rehearsal.providers.random.calls import check, create


@pytest.mark.parametrize(
    ("kind", "inputs", "failures"),
    [
        ("RandomPet", {"seperator": "."}, {"seperator": "RandomPet has no input seperator; did you mean separator?"}),
        ("RandomUuid", {"zone": "1"}, {"zone": "RandomUuid has no input zone; it has keepers"}),
        ("RandomId", {}, {"byteLength": "RandomId needs byteLength: an integer"}),
        ("RandomInteger", {"min": 5, "max": 4}, {"min": "is 5, above max, which is 4"}),
        ("RandomBytes", {"length": 0}, {"length": "is 0, must be 1 or more"}),
        ("RandomBytes", {"length": 1.5}, {"length": "must be an integer"}),
        ("RandomBytes", {"length": True}, {"length": "must be an integer"}),
        ("RandomString", {"length": 4, "special": "no"}, {"special": "must be a boolean"}),
        ("RandomPet", {"prefix": 5}, {"prefix": "must be a string"}),
        ("RandomShuffle", {"inputs": "abc"}, {"inputs": "must be a list of strings"}),
        ("RandomPet", {"keepers": {"a": 1}}, {"keepers": "must be a map of strings"}),
        (
            "RandomPassword",
            {"length": 3, "minLower": 2, "minUpper": 2},
            {"length": "is 3, less than minLower + minUpper + minNumeric + minSpecial, which is 4"},
        ),
        (
            "RandomString",
            {"length": 3, "lower": False, "upper": False, "number": False, "special": False},
            {"lower": "all of lower, upper, numeric, special are false, so there is no character to choose from"},
        ),
        (
            "RandomString",
            {"length": 3, "number": True, "numeric": False},
            {"number": "contradicts numeric; number is the old name of numeric, so leave it out"},
        ),
    ],
)
def test_what_is_wrong_is_said(kind: str, inputs: dict[str, Any], failures: dict[str, str]) -> None:
    assert check(kind, inputs) == failures


def test_every_problem_is_said_at_once() -> None:
    assert set(check("RandomString", {"lenght": 3, "lower": 1})) == {"length", "lenght", "lower"}


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("RandomPassword", {"length": UNKNOWN, "keepers": UNKNOWN}),
        ("RandomPassword", {"length": 8, "keepers": {"a": UNKNOWN, "b": Secret("x")}, "overrideSpecial": Secret("%")}),
        ("RandomShuffle", {"inputs": [UNKNOWN, "a"], "__defaults": []}),
        ("RandomPet", {"prefix": None}),
    ],
)
def test_unknown_secret_and_absent_values_pass(kind: str, inputs: dict[str, Any]) -> None:
    assert check(kind, inputs) == {}


def test_another_kind_is_refused_by_name() -> None:
    with pytest.raises(ProviderError, match="has no RandomColour; it has RandomBytes, RandomId"):
        create("RandomColour", {})


def test_every_kind_of_the_sdk_is_there() -> None:
    import pulumi_random  # late: 0.3 s that no other test here needs

    assert set(KINDS) == {name for name in vars(pulumi_random) if name.startswith("Random") and "Args" not in name}
