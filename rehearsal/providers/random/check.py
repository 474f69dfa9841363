"""Say what is wrong with the inputs of a resource, all at once."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Final

from rehearsal.providers.codec import UNKNOWN, Json, Tree, is_array, is_object, plain
from rehearsal.providers.random.kinds import Input, Kind

_STRING_CLASSES: Final = ("lower", "upper", "numeric", "special")
_MINIMUMS: Final = ("minLower", "minUpper", "minNumeric", "minSpecial")


def problems(name: str, kind: Kind, inputs: Tree) -> Iterator[tuple[str, str]]:
    """Yield property and reason of every problem. What is not known yet is not judged.

    Args:
        name: the kind's name, for the text.
        kind: what is allowed.
        inputs: as the program gave them; ``__defaults`` and such are the engine's.
    """
    given = {key: plain(value) for key, value in inputs.items() if not key.startswith("__") and value is not None}
    for key in given:
        if key not in kind.inputs:
            yield key, _unknown_key(name, kind, key)
    for key, rule in kind.inputs.items():
        if key not in given:
            if rule.required:
                yield key, f"{name} needs {key}: {_article(rule.type)}"
        elif given[key] is not UNKNOWN:
            yield from ((key, reason) for reason in _value_problems(rule, given[key]))
    yield from _combinations(name, given)


def _unknown_key(name: str, kind: Kind, key: str) -> str:
    close = difflib.get_close_matches(key, kind.inputs, n=1)
    hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(sorted(kind.inputs))}"
    return f"{name} has no input {key}; {hint}"


def _value_problems(rule: Input, value: Json) -> Iterator[str]:
    if not _has_type(rule, value):
        yield f"must be {_article(rule.type)}"
    elif rule.minimum is not None and value < rule.minimum:
        yield f"is {value}, must be {rule.minimum} or more"


def _has_type(rule: Input, value: Json) -> bool:
    match rule.type:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "list of strings":
            return is_array(value) and all(map(_is_text, value))
        case "map of strings":
            return is_object(value) and all(map(_is_text, value.values()))


def _is_text(value: Json) -> bool:
    return isinstance(value, str) or value is UNKNOWN or value is None


def _combinations(name: str, given: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    if name in {"RandomString", "RandomPassword"}:
        yield from _string_combinations(given)
    low, high = given.get("min"), given.get("max")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield "min", f"is {low}, above max, which is {high}"


def _string_combinations(given: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    number, numeric = given.get("number"), given.get("numeric")
    if isinstance(number, bool) and isinstance(numeric, bool) and number != numeric:
        yield "number", "contradicts numeric; number is the old name of numeric, so leave it out"
    classes = [given.get(key, given.get("number") if key == "numeric" else None) for key in _STRING_CLASSES]
    if all(value is False for value in classes):
        yield "lower", f"all of {', '.join(_STRING_CLASSES)} are false, so there is no character to choose from"
    wanted = [value for key in _MINIMUMS if isinstance(value := given.get(key, 0), int)]
    length = given.get("length")
    if isinstance(length, int) and sum(wanted) > length:
        yield "length", f"is {length}, less than {' + '.join(_MINIMUMS)}, which is {sum(wanted)}"


def _article(type_name: str) -> str:
    return f"an {type_name}" if type_name[0] in "aeiou" else f"a {type_name}"
