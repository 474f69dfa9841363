"""docs/config.md says what the spec says."""

from stacks.reference import PAGE, render


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == render(), "run: python -m stacks.reference"
