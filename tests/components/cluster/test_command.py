"""Running the command lines of local clusters."""

import sys

import pytest

from components.cluster.command import CLONE, LocalClusterError, failed, run


def test_command_runs_in_the_clone_with_its_input() -> None:
    code = "import os, sys; print(os.getcwd()); print(sys.stdin.read()); print('why', file=sys.stderr); sys.exit(3)"
    finished = run([sys.executable, "-c", code], stdin="text")
    assert (finished.code, finished.errors) == (3, "why\n")
    assert finished.output.splitlines() == [str(CLONE), "text"]
    assert (CLONE / "Pulumi.yaml").is_file()


def test_missing_program_is_an_error_with_a_fix() -> None:
    with pytest.raises(LocalClusterError, match="no-such-program is not on PATH; install it"):
        run(["no-such-program"])


def test_command_that_hangs_is_ended() -> None:
    with pytest.raises(LocalClusterError, match="did not end within 0 s; run it by hand"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], timeout_seconds=0.1)


def test_failure_shows_the_last_words_of_a_command_and_never_its_output() -> None:
    code = "import sys; print('kubeconfig-canary'); [print(n, file=sys.stderr) for n in range(100)]; sys.exit(1)"
    arguments = [sys.executable, "-c", code]
    text = str(failed(["tool", "create"], run(arguments)))
    assert text.startswith("`tool create` ended with exit code 1:\n85\n")
    assert text.endswith("\n99")
    assert "kubeconfig-canary" not in text
