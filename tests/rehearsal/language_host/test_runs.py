"""Plugins and installs without an engine: what is streamed back."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import language_pb2

from rehearsal.language_host.children import Children
from rehearsal.language_host.errors import HostError
from rehearsal.language_host.runtime import LanguageRuntime


class Call:
    """The part of a grpc context that is used."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], object]] = []

    def add_callback(self, callback: Callable[[], object]) -> bool:
        self.callbacks.append(callback)
        return True


def run_plugin(folder: Path, call: Call, *arguments: str) -> Iterator[Any]:
    environment = struct_pb2.Struct()
    environment.update({"virtualenv": str(Path(sys.executable).parent.parent)})
    info = language_pb2.ProgramInfo(
        root_directory=str(folder), program_directory=str(folder), entry_point=".", options=environment
    )
    request = language_pb2.RunPluginRequest(
        info=info, pwd=str(folder), args=arguments, env=["GREETING=a=b", f"PATH={os.environ['PATH']}"]
    )
    return LanguageRuntime("127.0.0.1:1", Children()).run_plugin(request, call)


def test_a_plugin_s_output_and_exit_code_are_streamed(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("WORD = 'helped'\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(
        "import os, sys, helper\n"
        "print(sys.argv[1:], os.environ['GREETING'], helper.WORD)\nprint('bad', file=sys.stderr)\nsys.exit(9)\n",
        encoding="utf-8",
    )

    answers = list(run_plugin(tmp_path, Call(), "127.0.0.1:1"))

    assert b"".join(answer.stdout for answer in answers) == b"['127.0.0.1:1'] a=b helped\n"
    assert b"".join(answer.stderr for answer in answers) == b"bad\n"
    assert answers[-1].exitcode == 9


def test_the_end_of_the_call_stops_the_plugin(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import os, time\nos.write(1, b'1\\n')\ntime.sleep(300)\n", encoding="utf-8")
    call = Call()
    answers = run_plugin(tmp_path, call)

    assert next(answers).stdout == b"1\n"
    for callback in call.callbacks:
        callback()

    assert list(answers)[-1].exitcode != 0


def test_a_folder_without_a_main_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"needs a __main__\.py"):
        list(run_plugin(tmp_path, Call()))


def test_a_debugger_is_refused() -> None:
    request = language_pb2.RunRequest(attach_debugger=True)

    answer = LanguageRuntime("127.0.0.1:1", Children()).run(request, Call())

    assert "--attach-debugger" in answer.error
