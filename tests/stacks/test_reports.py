"""Every wrong stack file gives one report with all its problems; the reports are read as a person would read them."""

from pathlib import Path

import pytest

from stacks.errors import ConfigError, Problem
from stacks.parse import SECTIONS, Unparsed, parse
from stacks.rules.every import check, judge
from stacks.spec.stack import StackSpec
from tests.stack_files import DATA, ROOT, sections_of

SHIPPED = [ROOT / "Pulumi.dev.yaml", ROOT / "Pulumi.prod.yaml", *sorted(ROOT.glob("examples/*.yaml"))]
VALID = [*sorted(DATA.glob("valid-*.yaml")), *SHIPPED]
# Those whose problems are about secrets and outer form need Pulumi's config: tests/program checks them.
INVALID = [path for path in sorted(DATA.glob("invalid-*.yaml")) if path.stem != "invalid-outer-form"]


def problems_of(path: Path) -> list[Problem]:
    """Return what parsing and rules find in a stack file."""
    sections = sections_of(path)
    # Keys of no section, and secrets, are the business of stacks/config.py.
    parsed = parse({key: value for key, value in sections.items() if key in SECTIONS})
    return judge(sections, parsed) if isinstance(parsed, Unparsed) else check(parsed)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_file_has_no_problem(path: Path) -> None:
    assert problems_of(path) == []


def test_there_are_ten_wrong_files() -> None:
    assert len(INVALID) >= 10


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_wrong_file_gives_its_report(path: Path) -> None:
    report = str(ConfigError("test", problems_of(path)))

    assert report == path.with_suffix(".txt").read_text().rstrip("\n")


@pytest.mark.parametrize("file", ["invalid-secrets", "invalid-trust", "invalid-trust-forms"])
def test_a_secret_in_the_wrong_place_is_never_repeated(file: str) -> None:
    report = str(ConfigError("test", problems_of(DATA / f"{file}.yaml")))

    assert "anary" not in report


def test_every_key_of_the_spec_is_in_the_file_that_says_so() -> None:
    parsed = parse(sections_of(DATA / "valid-every-key.yaml"))

    assert isinstance(parsed, StackSpec)
    left_out = {name for name in StackSpec.model_fields if name not in parsed.model_fields_set}
    assert left_out == set()


if __name__ == "__main__":  # `make snapshot` accepts today's reports; read the diff
    for wrong in INVALID:
        wrong.with_suffix(".txt").write_text(f"{ConfigError('test', problems_of(wrong))}\n")
