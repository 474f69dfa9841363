"""Files, functions and constructors a reader can hold in the head; suppressions that say why."""

import ast
import re

from tests.architecture.sources import Source, every_source

FILE_LINES = 300
FUNCTION_LINES = 40
CONSTRUCTOR_LINES = 60
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pyright:\s*ignore)(?P<rest>.*)$")
WITH_CODE_AND_REASON = re.compile(r"^(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|\[[\w, -]+\])\s*(-|#|—)\s*\S+")


def lengths(source: Source) -> list[tuple[str, int, int]]:
    """Return (name, lines, limit) of every function; decorators do not count, docstrings do."""
    found: list[tuple[str, int, int]] = []
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            limit = CONSTRUCTOR_LINES if node.name == "__init__" else FUNCTION_LINES
            found.append((f"{source.path}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1, limit))
    return found


def test_no_file_is_longer_than_a_reader_likes() -> None:
    too_long = {str(s.path): n for s in every_source() if (n := s.text.count("\n")) > FILE_LINES}

    assert too_long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = {name: lines for s in every_source() for name, lines, limit in lengths(s) if lines > limit}

    assert too_long == {}


def test_every_suppression_has_a_code_and_a_reason() -> None:
    bare: list[str] = []
    for source in every_source():
        for number, line in enumerate(source.text.splitlines(), start=1):
            found = SUPPRESSION.search(line)
            if found and '"' not in line[: found.start()] and not WITH_CODE_AND_REASON.match(found["rest"]):
                bare.append(f"{source.path}:{number}: {line.strip()}")

    assert bare == []


def test_no_exception_is_swallowed() -> None:
    silent = [
        f"{source.path}:{node.lineno}"
        for source in every_source()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and all(isinstance(step, ast.Pass) for step in node.body)
    ]

    assert silent == []
