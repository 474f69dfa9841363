"""Run a program or a plugin in a child process, and tell the engine how it ended."""

import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from pulumi.runtime.proto import language_pb2

from rehearsal.language_host.children import Children
from rehearsal.language_host.errors import HostError
from rehearsal.language_host.program import ERROR_WAS_SHOWN

Context: TypeAlias = Any
"""The grpc context of a call; grpc ships no types."""

_RUNNER: Final = Path(__file__).with_name("program.py")
_CHUNK_BYTES: Final = 65536


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A program's process that has loaded the SDK and waits for its request."""

    python: Path
    process: subprocess.Popen[bytes]


class Runs:
    """Starts programs and plugins. Each ends at the latest when its call is cancelled."""

    def __init__(self, engine_address: str, children: Children) -> None:
        self._engine_address = engine_address
        self._children = children
        self._lock = threading.Lock()
        self._waiting: _Waiting | None = None

    def prepare(self, python: Path) -> None:
        """Start the process of a program that will be asked for soon: the SDK loads while the engine prepares."""
        with self._lock:
            if self._waiting is None:
                self._waiting = _Waiting(python, self._start(python, "program", Path.cwd()))

    def run(self, python: Path, request: language_pb2.RunRequest, context: Context) -> language_pb2.RunResponse:
        """Run a program to its end; its output is the host's, which the engine shows."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        if waiting is not None and waiting.python == python and waiting.process.poll() is None:
            child = waiting.process
        else:
            child = self._start(python, "program", Path.cwd())
        context.add_callback(lambda: self._stop_unless_over(child))
        _send(child, self._program_request(request))
        code = child.wait()
        self._children.forget(child)
        return _run_response(code)

    def run_plugin(self, python: Path, request: language_pb2.RunPluginRequest, context: Context) -> Iterator[Any]:
        """Run a plugin of a policy pack or provider written in Python, yielding its output and at last its exit code.

        Raises:
            HostError: the plugin's folder has no ``__main__.py``.
        """
        folder = request.info.program_directory
        if not (Path(folder) / "__main__.py").is_file():
            raise HostError(f"{folder}: a plugin in Python needs a __main__.py here")
        environment = dict(entry.split("=", 1) for entry in request.env)
        child = self._start(python, "plugin", Path(request.pwd), environment)
        context.add_callback(lambda: self._stop_unless_over(child))
        _send(child, {"program": folder, "args": list(request.args), "cwd": request.pwd})
        for name, data in output(child):
            is_out = name == "stdout"
            yield language_pb2.RunPluginResponse(stdout=data) if is_out else language_pb2.RunPluginResponse(stderr=data)
        code = child.wait()
        self._children.forget(child)
        yield language_pb2.RunPluginResponse(exitcode=code)

    def _start(
        self, python: Path, mode: str, cwd: Path, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        command = [str(python), "-u", str(_RUNNER), mode]  # -u: output is shown when written, and not lost in a crash
        return self._children.start(command, cwd, environment=environment, pipes=mode == "plugin")

    def _stop_unless_over(self, child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            self._children.stop(child)

    def _program_request(self, request: language_pb2.RunRequest) -> dict[str, Any]:
        return {
            "program": request.info.entry_point or request.program,
            "args": list(request.args),
            "cwd": request.pwd,
            "config": dict(request.config),
            "secret_keys": list(request.configSecretKeys),
            "settings": {
                "monitor": request.monitor_address,
                "engine": self._engine_address,
                "project": request.project,
                "stack": request.stack,
                "parallel": request.parallel,
                "dry_run": request.dryRun,
                "organization": request.organization,
                "root_directory": request.info.root_directory,
            },
        }


def _send(child: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
    """Write the request and keep the pipe open: its end tells the child that the host is gone."""
    if child.stdin is None:
        raise TypeError("a child of the language host is started with a pipe as its stdin")
    try:
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()
    except BrokenPipeError:
        return  # it ended before it read; its exit code and its output tell why


def _run_response(code: int) -> language_pb2.RunResponse:
    if code == 0:
        return language_pb2.RunResponse()
    if code == ERROR_WAS_SHOWN:
        return language_pb2.RunResponse(bail=True)
    if code < 0:
        return language_pb2.RunResponse(error=f"the program was ended by signal {-code}")
    return language_pb2.RunResponse(error=f"the program ended with exit code {code}")


def output(child: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield what the child writes, as it writes it, under the name of the stream."""
    parts: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def read(name: str, stream: IO[bytes]) -> None:
        descriptor = stream.fileno()
        while data := os.read(descriptor, _CHUNK_BYTES):
            parts.put((name, data))
        stream.close()
        parts.put((name, b""))

    streams = [(name, stream) for name, stream in (("stdout", child.stdout), ("stderr", child.stderr)) if stream]
    for name, stream in streams:
        threading.Thread(target=read, args=(name, stream), daemon=True).start()
    open_streams = len(streams)
    while open_streams:
        name, data = parts.get()
        if data:
            yield name, data
        else:
            open_streams -= 1
