"""From plain config data to a StackSpec, or to every problem at once. No Pulumi here."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from stacks.errors import Problem, shown
from stacks.schema import Location, keys_of, place, tag_of
from stacks.spec.base import FORMS
from stacks.spec.stack import StackSpec

SECTIONS: Final = tuple(to_camel(name) for name in StackSpec.model_fields)
"""The config keys that hold structured sections."""

_MAY_HOLD_A_SECRET = re.compile(r"key|password|token|secret|credential|certificate|signature", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unparsed:
    """A stack file that is no spec.

    Attributes:
        problems: what is wrong.
        unknown: places of unknown keys.
        wrong: places of wrong or missing values.
    """

    problems: tuple[Problem, ...]
    unknown: tuple[Location, ...]
    wrong: tuple[Location, ...]


def parse(sections: Mapping[str, Any]) -> StackSpec | Unparsed:
    """Return the spec, or every problem of every section.

    Args:
        sections: plain data by camelCase section name, as read from the stack file.
    """
    try:
        # JSON mode of strict validation takes lists for tuples and refuses "2" for 2, which is what YAML users expect.
        return StackSpec.model_validate_json(json.dumps(sections), strict=True)
    except ValidationError as error:
        every = error.errors(include_url=False, include_context=True, include_input=False)
    details = [detail for detail in every if not _is_echo(detail, sections)]
    places = {id(detail): _without_tags(detail["loc"], sections) for detail in details}
    return Unparsed(
        problems=tuple(_problem(detail, sections) for detail in details),
        unknown=tuple(places[id(detail)] for detail in details if detail["type"] == "extra_forbidden"),
        wrong=tuple(places[id(detail)] for detail in details if detail["type"] != "extra_forbidden"),
    )


def path_of(location: Location) -> str:
    """Return ``("models", 0, "runtime")`` as ``slipway:models[0].runtime``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return f"slipway:{text.lstrip('.')}"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the closest of the known words, ignoring case and underscores, or None."""
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower().replace("_", ""), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def choose(word: str, known: Iterable[str]) -> str:
    """Return the fix for a word that is not one of the known ones."""
    known = tuple(known)
    close = did_you_mean(word, known)
    listed = ", ".join(known)
    return f"did you mean {close}? Known: {listed}" if close else f"use one of: {listed}"


def _problem(detail: ErrorDetails, sections: Mapping[str, Any]) -> Problem:
    location = _without_tags(detail["loc"], sections)
    path = path_of(location)
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            known = [key for section in place(detail["loc"][:-1])[0] for key in keys_of(section)]
            return Problem(path=path, rule="unknown key", fix=choose(str(location[-1]), known))
        case "missing":
            return Problem(path=path, rule="required, and not there", fix=f"add it: {_meaning(detail['loc'])}")
        case "union_tag_invalid":
            tag, known = str(context["tag"]), str(context["expected_tags"]).replace("'", "").split(", ")
            return Problem(path=f"{path}.type", value=shown(tag), rule="no such type", fix=choose(tag, known))
        case "union_tag_not_found":
            known = [tag_of(section) or "" for section in place(detail["loc"])[0]]
            return Problem(path=f"{path}.type", rule="required, and not there", fix=f"use one of: {', '.join(known)}")
        case "literal_error":
            known, value = (
                str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", "),
                _at(sections, location),
            )
            return Problem(
                path=path, value=shown(value), rule="not one of the known words", fix=choose(str(value), known)
            )
        case _:
            value = None if _MAY_HOLD_A_SECRET.search(path) else shown(_at(sections, location))
            return Problem(path=path, value=value, rule=_sentence(detail), fix=f"give {_meaning(detail['loc'])}")


def _is_echo(detail: ErrorDetails, sections: Mapping[str, Any]) -> bool:
    """A list whose items are all wrong is also reported as empty: that is no problem of its own."""
    return detail["type"] == "too_short" and bool(_at(sections, _without_tags(detail["loc"], sections)))


def _meaning(location: Location) -> str:
    field = place(location)[1]
    return (field.description if field else None) or "a value of the right form"


def _sentence(detail: ErrorDetails) -> str:
    """Pydantic's sentence; a pattern is no help to a reader, the field's meaning in the fix is."""
    if detail["type"] == "string_pattern_mismatch":
        return f"must be {FORMS.get(detail.get('ctx', {})['pattern'], 'of another form')}"
    if detail["type"] == "too_short":
        return f"needs at least {detail.get('ctx', {})['min_length']} entry"
    message = detail["msg"].replace("Input should", "must").replace("String should", "must")
    return f"{message[:1].lower()}{message[1:]}"


def _without_tags(location: Location, sections: Mapping[str, Any]) -> Location:
    """Drop the union tags pydantic adds to a location: they are no keys of the file."""
    real: list[int | str] = []
    here: Any = sections
    for index, part in enumerate(location):
        # A key of a tag's name is none of the way if nothing can lie below its value.
        below = isinstance(_step(here, part), dict | list)
        tag = index < len(location) - 1 and not below and _step(here, "type") == part
        if tag or part == "[key]":
            continue
        real.append(part)
        here = _step(here, part)
    return tuple(real)


def _step(here: object, part: int | str) -> object:
    """Return what stands under a key or an index; None where nothing does."""
    if isinstance(here, dict):
        return cast("dict[int | str, object]", here).get(part)
    if isinstance(here, list) and isinstance(part, int):
        items = cast("list[object]", here)
        return items[part] if part < len(items) else None
    return None


def _at(sections: Mapping[str, Any], location: Location) -> object:
    return reduce(_step, location, cast("object", sections))
