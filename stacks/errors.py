"""Errors a user can cause.

SlipwayError
└── ConfigError    one or more problems in the stack file; raised before the first resource
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass


class SlipwayError(Exception):
    """Base of every error of ours; its text is meant for the person at the terminal."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in the stack file.

    Attributes:
        path: full path in the stack file, for instance ``slipway:models[0].runtime.port``.
        rule: what holds, and how the value breaks it.
        fix: what to do.
        value: the value as written, as JSON; None where it could be a secret or does not help.
    """

    path: str
    rule: str
    fix: str
    value: str | None = None

    def __str__(self) -> str:
        shown = "" if self.value is None else f" (is {self.value})"
        return f"{self.path}{shown}\n      {self.rule}\n      fix: {self.fix}"


class ConfigError(SlipwayError):
    """Everything that is wrong with a stack file, in one report.

    Attributes:
        problems: sorted by path, without duplicates.
    """

    def __init__(self, stack: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda problem: (problem.path, problem.rule)))
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(self.problems, start=1))
        super().__init__(f"Pulumi.{stack}.yaml has {count}; nothing was created or changed.\n{lines}")


_SHOWN_CHARACTERS = 80
_PRIVATE_KEY = "PRIVATE KEY"
"""In the first line of every private key in PEM."""

_CREDENTIALS = re.compile(r'(?<=://)[^@"\s]*@(?!sha256:)|[^/@:"\s]+:[^/@"\s]+@(?!sha256:)')
"""``user:password@`` of an address; the ``@`` of a digest is none."""


_QUERY = re.compile(r'(://[^?"\s]*\?)[^"\s]+')
"""The query of an address, which may be a signature."""


def shown(value: object) -> str:
    """Return a value as JSON, without private keys, credentials and queries in addresses, cut to 80 characters."""
    if _PRIVATE_KEY in (text := json.dumps(value, ensure_ascii=False, default=str)):
        return '"***"'
    text = _CREDENTIALS.sub("***@", text)
    text = _QUERY.sub(r"\1***", text)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
