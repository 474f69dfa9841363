"""The list of all rules; a stack file is checked against every one before the first resource."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from stacks.errors import Problem
from stacks.parse import Unparsed
from stacks.rules import (
    arguments,
    clusters,
    hot_update,
    images,
    loading,
    names,
    placement,
    room,
    scaling,
    sources,
    storage,
    trust,
)
from stacks.salvage import at_home, whole_part
from stacks.spec.stack import StackSpec

Rule = Callable[[StackSpec], Iterator[Problem]]

RULES: Final[tuple[Rule, ...]] = (
    arguments.problems,
    clusters.problems,
    hot_update.problems,
    images.problems,
    loading.problems,
    names.problems,
    placement.problems,
    room.problems,
    scaling.problems,
    sources.problems,
    storage.problems,
    trust.problems,
)


def check(spec: StackSpec) -> list[Problem]:
    """Return every problem every rule finds."""
    return [problem for rule in RULES for problem in rule(spec)]


def judge(sections: Mapping[str, Any], unparsed: Unparsed) -> list[Problem]:
    """Return the problems of a stack file that is no spec, with those the rules find in its whole part."""
    found = list(unparsed.problems)
    salvaged = whole_part(sections, unparsed.unknown, unparsed.wrong)
    if salvaged is not None:
        spec, kept = salvaged
        found += [at_home(problem, kept) for problem in check(spec)]
    return found
