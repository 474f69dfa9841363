"""From the command line to an adapter."""

import argparse
import io
import signal
from pathlib import Path

import pytest

from components.loaders.agent.adapteroptions import (
    AdapterOptions,
    adapter_problems,
    add_adapter_options,
    read_adapter_options,
)
from components.loaders.agent.adapters import NoAdapter, make_adapter
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.logs import Log
from tests.components.loaders.agent.world import REFERENCE, World, Worlds


def parsed(*words: str) -> tuple[str, argparse.Namespace]:
    """Return the problems and what was read."""
    parser = argparse.ArgumentParser()
    add_adapter_options(parser)
    raw = parser.parse_args(words)
    return "; ".join(adapter_problems(raw)), raw


def options(*words: str) -> AdapterOptions:
    """Return the options of a command line without problems."""
    problems, raw = parsed(*words)
    assert problems == ""
    return read_adapter_options(raw)


def test_nothing_is_told_unless_asked() -> None:
    adapter = make_adapter(options(), Log(io.StringIO()))

    assert isinstance(adapter, NoAdapter)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("--adapter triton", "--adapter triton needs --adapter-model"),
        ("--adapter triton --adapter-model m", "--adapter triton needs --adapter-directory"),
        ("--adapter tf-serving --adapter-model m", "needs --adapter-directory"),
        ("--adapter vllm-lora", "needs --adapter-model"),
        ("--adapter docker-model-runner", "needs --adapter-model"),
        ("--adapter http", "needs --adapter-url"),
        ("--adapter signal", "--adapter-pid-file or --adapter-process"),
        ("--adapter signal --adapter-pid-file a --adapter-process b", "--adapter-pid-file or --adapter-process"),
        ("--adapter-model m", "--adapter-model has no meaning with --adapter none"),
        ("--adapter vllm-lora --adapter-model m --adapter-directory d", "--adapter-directory has no meaning"),
        ("--adapter triton --adapter-model ../m --adapter-directory d", "is not a plain name"),
        ("--adapter triton --adapter-model m --adapter-directory ../d", "climbs"),
        ("--adapter triton --adapter-model m --adapter-directory .store", "may not start with a dot"),
        ("--adapter triton --adapter-model m --adapter-directory /d", "absolute"),
        ("--adapter triton --adapter-model m --adapter-directory d --adapter-subpath ../e", "climbs"),
        ("--adapter docker-model-runner --adapter-model ai/x", "host/repository:tag"),
        ("--adapter http --adapter-url ftp://x", "--adapter-url is not http"),
        ("--adapter http --adapter-url http://user:canary@x/", "--adapter-url is not http"),
        ("--adapter http --adapter-url http://x --adapter-method get", "no HTTP method"),
        ("--adapter http --adapter-url http://x --adapter-body {", "not JSON"),
        ("--adapter http --adapter-url http://x --adapter-status 99", "no HTTP status"),
        ("--adapter http --adapter-url http://x --adapter-confirm-text a", "needs --adapter-confirm-url"),
        ("--adapter http --adapter-url http://x --adapter-confirm-field a", "needs --adapter-confirm-url"),
        ("--adapter http --adapter-url http://x --adapter-confirm-seconds 0", "not above 0"),
        ("--adapter http --adapter-url http://x --adapter-confirm-seconds nan", "not above 0"),
        (
            "--adapter signal --adapter-process a --adapter-confirm-url http://x --adapter-confirm-file b",
            "exclude each other",
        ),
    ],
)
def test_command_lines_that_cannot_be_right(words: str, problem: str) -> None:
    found, _ = parsed(*words.split())

    assert problem in found
    assert "canary" not in found


def test_what_is_left_out() -> None:
    found = options("--adapter", "signal", "--adapter-process", "server")

    assert (found.signal, found.confirm_text, found.confirm_seconds) == (signal.SIGHUP, "{key}", 300.0)
    assert options("--adapter", "vllm-lora", "--adapter-model", "m").swap == "in-place"
    told = options("--adapter", "http", "--adapter-url", "http://127.0.0.1:1/reload")
    assert (told.method, told.status, told.body) == ("POST", 200, {"key": "{key}", "path": "{path}"})
    assert options("--adapter", "http", "--adapter-url", "http://x", "--adapter-body", "").body is None


LINES = {
    "triton": "--adapter-directory repository --adapter-model m",
    "tf-serving": "--adapter-directory served/m --adapter-model m",
    "vllm in-place": "--adapter-model m",
    "vllm reload": "--adapter-model m --adapter-swap reload",
    "docker-model-runner": f"--adapter-model {REFERENCE}",
    "http": '--adapter-body {"path":"{path}"} --adapter-confirm-field models.0.path --adapter-confirm-seconds 0.2',
}


@pytest.mark.parametrize("kind", sorted(LINES))
def test_adapters_of_the_command_line_do_their_work(kind: str, worlds: Worlds) -> None:
    world = worlds(kind)
    url = world.stand_in.url
    words = ["--adapter", world.stand_in.kind, "--adapter-url", url, *LINES[kind].split()]
    if kind == "http":
        words += ["--adapter-confirm-url", url]
    world.adapter = make_adapter(options(*words), Log(world.log))

    assert world.move(world.version("good"))
    assert not world.move(world.version("bad"))

    world.check()


def test_signals_of_the_command_line(tmp_path: Path) -> None:
    world = World("triton", tmp_path)
    (tmp_path / "said").write_text("")
    version = world.version("good")
    words = ["--adapter", "signal", "--adapter-process", "no-such-process", "--adapter-confirm-file"]
    adapter = make_adapter(options(*words, str(tmp_path / "said")), Log(world.log))
    (tmp_path / "said").write_text(f"serving {version.key}")

    adapter.apply(version, None, Deadline(5))  # it says so already, no signal is needed

    assert world.events() == []
