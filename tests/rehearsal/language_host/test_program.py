"""The text of a program's failure."""

import runpy
from pathlib import Path

import pytest

from rehearsal.language_host.program import describe


def failure(main_file: Path) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # any exception a program may raise
        runpy.run_path(str(main_file))
    return caught.value


def test_the_trace_begins_with_the_program(tmp_path: Path) -> None:
    main_file = tmp_path / "__main__.py"
    main_file.write_text("def inner():\n    raise KeyError('zone')\ninner()\n", encoding="utf-8")

    text = describe(failure(main_file), main_file)

    assert text.splitlines()[1].strip() == f'File "{main_file}", line 3, in <module>'
    assert text.endswith("KeyError: 'zone'\n")
    assert "runpy" not in text


def test_a_program_that_does_not_parse_has_no_trace(tmp_path: Path) -> None:
    main_file = tmp_path / "__main__.py"
    main_file.write_text("x = = 1\n", encoding="utf-8")

    text = describe(failure(main_file), main_file)

    assert text.splitlines()[0].strip() == f'File "{main_file}", line 1'
    assert "SyntaxError" in text


def test_a_failure_elsewhere_keeps_every_line(tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text("1 / 0\n", encoding="utf-8")

    text = describe(failure(other), tmp_path / "__main__.py")

    assert f'File "{other}", line 1' in text
    assert "runpy" in text
