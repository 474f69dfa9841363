"""Proof by something a runtime says: an address or a file that must name the version."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from .adapter import Version
from .deadline import Deadline
from .errors import RuntimeRefusedError
from .logs import Log
from .runtimecall import Answer, RuntimeClient, until

_LIMIT_BYTES: Final = 1024 * 1024
_PLACEHOLDER: Final = re.compile(r"\{(key|path|link)\}")


def filled(template: str, version: Version) -> str:
    """Return a text with ``{key}``, ``{path}`` and ``{link}`` replaced by those of a version."""
    values = {"key": version.key, "path": str(version.path), "link": str(version.link)}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def filled_json(template: object, version: Version) -> object:
    """Return a JSON value with every text in it filled in."""
    if isinstance(template, str):
        return filled(template, version)
    if isinstance(template, list):
        return [filled_json(one, version) for one in cast("list[object]", template)]
    if isinstance(template, dict):
        fields = cast("dict[str, object]", template)
        return {name: filled_json(value, version) for name, value in fields.items()}
    return template


def names(text: str, expected: str) -> bool:
    """Return whether a text holds another as a whole: a version's key may be the start of a longer key."""
    return bool(expected) and re.search(rf"(?<![\w-]){re.escape(expected)}(?![\w-]|\.[0-9a-f]{{12}})", text) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """What must name a version before it counts as served; exactly one of client and file is set.

    Attributes:
        client: asked with GET, at the address it was made for.
        file: read.
        field: path of the JSON value to look at, ``a.b.0``; empty for the whole text.
        expected: what must be in it; ``{key}``, ``{path}`` and ``{link}`` stand for the version's.
        seconds: how long a runtime may name another version before that counts as a refusal.
    """

    client: RuntimeClient | None
    file: Path | None
    field: str
    expected: str
    seconds: float

    def wait(self, version: Version, deadline: Deadline, log: Log) -> None:
        """Wait until it holds.

        Raises:
            RuntimeRefusedError: it answers, but names something else for too long.
            NetworkError: no answer until the deadline.
        """
        end = time.monotonic() + self.seconds

        def attempt() -> bool | str:
            found = self.holds(version, deadline)
            if found is not True and time.monotonic() >= end:
                raise RuntimeRefusedError(f"not confirmed within {self.seconds:g} s: {found}")
            return found

        until("confirmation", attempt, deadline, log)

    def held(self, version: Version, deadline: Deadline, log: Log) -> bool:
        """Return whether it holds already, once the runtime answers.

        Raises:
            NetworkError: no answer until the deadline.
        """
        return until("confirmation", lambda: (self.holds(version, deadline),), deadline, log) == (True,)

    def holds(self, version: Version, deadline: Deadline) -> bool | str:
        """Return True, or what is there instead.

        Raises:
            NetworkError: the address does not answer.
        """
        found = self._found(deadline)
        wanted = filled(self.expected, version)
        return True if names(found, wanted) else f"{wanted!r} is not in {found[:200]!r}"

    def _found(self, deadline: Deadline) -> str:
        if self.file is not None:
            return _text(self.file)
        if self.client is None:
            return ""
        answer = self.client.get("", deadline)
        if not answer.ok:
            return answer.said()
        return _field(answer, self.field) if self.field else answer.body.decode(errors="replace")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LIMIT_BYTES).decode(errors="replace")
    except OSError as error:
        return f"{path}: {error.strerror}"


def _field(answer: Answer, field: str) -> str:
    value = answer.json()
    for part in field.split("."):
        if isinstance(value, list) and part.isdigit():
            values = cast("list[object]", value)
            value = values[int(part)] if int(part) < len(values) else None
        elif isinstance(value, dict):
            value = cast("dict[str, object]", value).get(part)
        else:
            return ""
    return value if isinstance(value, str) else ""
