"""The commands without questions work on local clusters only."""

import subprocess

import pytest

from tests.stack_files import ROOT


@pytest.mark.parametrize(("stack", "code"), [("dev", 0), ("prod", 2), ("no-such-stack", 2)])
def test_a_stack_that_is_not_local_is_refused(stack: str, code: int) -> None:
    done = subprocess.run(
        ["make", "local", f"STACK={stack}"],  # noqa: S607 - found through PATH, as a person would
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == code, done.stderr
    assert ("in a shell that has not read .slipway/env" in done.stderr) is (code != 0)
