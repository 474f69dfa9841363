"""The ``pulumi.com/waitFor`` annotation: ``condition=Type[=Status]``, ``jsonpath={.path}[=value]``, or a JSON list."""

import json
import re
from collections.abc import Callable
from typing import Final

from rehearsal.providers.codec import Json, Tree, is_array, is_object
from rehearsal.providers.kubernetes.awaiting.verdict import READY, Judge, Look, Verdict, waiting
from rehearsal.providers.kubernetes.objects import condition
from rehearsal.providers.serve import ProviderError

Test = Callable[[Tree], str]  # empty when met, else what is missing
_STEP: Final = re.compile(r"\.([A-Za-z0-9_\-/]+)|\['([^']+)'\]|\[\"([^\"]+)\"\]|\[(\d+|\*)\]")


def judge_annotation(value: str) -> Judge:
    """Build the judge of an annotation's value.

    Raises:
        ProviderError: the value is none of the documented forms.
    """
    tests = [_parse(item) for item in _items(value)]

    def judge(look: Look) -> Verdict:
        missing = [text for test in tests if (text := test(look.live))]
        return waiting(missing[0], *missing) if missing else READY

    return judge


def _items(value: str) -> list[str]:
    if not value.lstrip().startswith("["):
        return [value]
    try:
        parsed: Json = json.loads(value)
    except ValueError:
        raise ProviderError(f"pulumi.com/waitFor: {value!r} is not a JSON list") from None
    return [str(item) for item in parsed]


def _parse(item: str) -> Test:
    form, _, rest = item.partition("=")
    if form == "condition" and rest:
        type_, _, status = rest.partition("=")
        return lambda live: _condition(live, type_, status or "True")
    if form == "jsonpath" and rest.startswith("{"):
        path, closed, wanted = rest[1:].partition("}")
        if closed and (not wanted or wanted.startswith("=")):
            steps = _steps(path)
            return lambda live: _path(live, path, steps, wanted[1:])
    raise ProviderError(
        f"pulumi.com/waitFor: {item!r} is neither `condition=Type[=Status]` nor `jsonpath={{.path}}[=value]`"
    )


def _condition(live: Tree, type_: str, status: str) -> str:
    found = condition(live, type_).get("status")
    return "" if found == status else f"Waiting for condition {type_}={status} (now {found or 'absent'})"


def _steps(path: str) -> list[str]:
    path = path.removeprefix("$")
    steps = ["".join(groups) for groups in _STEP.findall(path)]
    if not steps or _STEP.sub("", path):
        raise ProviderError(
            f"pulumi.com/waitFor: the path {path!r} is not supported; use .key, ['key'] and [index] only"
        )
    return steps


def _path(live: Tree, path: str, steps: list[str], wanted: str) -> str:
    found: list[Json] = [live]
    for step in steps:
        found = [inner for value in found for inner in _follow(value, step)]
    if not found:
        return f"{{{path}}} selected nothing"
    if wanted and not any(_spell(value) == wanted for value in found):
        return f"{{{path}}} is {', '.join(map(_spell, found))}, not {wanted}"
    return ""


def _follow(value: Json, step: str) -> list[Json]:
    if is_object(value):
        return list(value.values()) if step == "*" else [value[step]] if step in value else []
    if is_array(value):
        if step == "*":
            return value
        return [value[int(step)]] if step.isdigit() and int(step) < len(value) else []
    return []


def _spell(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
