"""What can still be checked when part of a stack file is wrong: the entries that are whole.

Without this, a person mends a typo, runs again, and only then hears of the next problem.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from pydantic import ValidationError

from stacks.errors import Problem
from stacks.schema import Location
from stacks.spec.stack import StackSpec

_MODEL = re.compile(r"^slipway:models\[(\d+)\]")


def whole_part(
    sections: Mapping[str, Any], unknown: Iterable[Location], wrong: Iterable[Location]
) -> tuple[StackSpec, tuple[int, ...]] | None:
    """Return a spec of the entries without problems, and their places in the stack file.

    Unknown keys are left out, models with a wrong value are left out whole. None where something else is wrong, because
    every rule would then judge by a value nobody wrote.

    Args:
        sections: plain data by section name; not changed.
        unknown: places of keys nobody knows.
        wrong: places of values that are wrong or missing.
    """
    broken = {place[1] for place in wrong if len(place) > 1 and place[0] == "models"}
    if any(len(place) < 2 or place[0] != "models" for place in wrong):  # noqa: PLR2004 - ("models", index)
        return None
    data = _without(sections, frozenset(unknown))
    models = cast("list[Any]", data.get("models", []))
    kept = tuple(index for index in range(len(models)) if index not in broken)
    try:
        return StackSpec.model_validate({**data, "models": [models[index] for index in kept]}, strict=False), kept
    except ValidationError:
        return None


def at_home(problem: Problem, kept: tuple[int, ...]) -> Problem:
    """Return a problem of the salvaged spec with its path as in the stack file."""
    found = _MODEL.match(problem.path)
    if found is None:
        return problem
    own = f"slipway:models[{kept[int(found.group(1))]}]"
    return replace(problem, path=own + problem.path[found.end() :])


def _without(value: Any, unknown: frozenset[Location], here: Location = ()) -> Any:  # noqa: ANN401 - plain data of any shape
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: _without(item, unknown, (*here, key)) for key, item in items if (*here, key) not in unknown}
    if isinstance(value, list):
        return [_without(item, unknown, (*here, index)) for index, item in enumerate(cast("list[Any]", value))]
    return value
