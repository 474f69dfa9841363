"""Runs one Python program or plugin in a process of its own: started by path, by the project's interpreter.

It imports nothing of this repository, because that interpreter may be another virtual environment's. What to run comes
as one line of JSON on stdin, so that configuration secrets are neither in the arguments nor in the environment; the end
of stdin means that the host is gone. A program is run as the SDK's own ``pulumi-language-python-exec`` does it
(pulumi/pulumi sdk v3.250.0), by the same public functions of ``pulumi.runtime`` (3.272).
"""

import asyncio
import json
import logging
import os
import runpy
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

ERROR_WAS_SHOWN = 32  # exit code by which the host knows that there is nothing to add (same as the SDK's own)
FAILED = 1
INTERRUPTED = 130
LAST_SECONDS = 2.0  # for clean-up code when the host is gone
THREADS_PER_OPERATION = 4  # as the SDK's own: a resource operation may block several calls at once


def main(mode: str) -> int:
    """Run what stdin asks for.

    Args:
        mode: ``program`` loads the SDK before it waits for the request, to save that time later; ``plugin`` does not.
    """
    sys.path.pop(0)  # the folder of this script: its modules are not the program's
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is a request, an interrupt has nothing to clean up
    requests = os.dup(0)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  # a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    if mode == "program" and not _sdk_is_there():
        return FAILED
    line = _read_line(requests)
    if not line:
        return FAILED  # the host ended without a request
    request = json.loads(line)
    threading.Thread(target=_end_with_host, args=(requests,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [request["program"], *request["args"]]
    os.chdir(request["cwd"])
    if mode == "plugin":
        runpy.run_path(request["program"], run_name="__main__")
        return 0
    return _run_program(request)


def _sdk_is_there() -> bool:
    try:
        import pulumi.runtime  # noqa: F401  # late: only a program needs it
    except ImportError as error:
        text = f"{error}: {sys.executable} cannot load the Pulumi SDK; `pulumi install` puts it there."
        print(text, file=sys.stderr)
        return False
    return True


def _read_line(descriptor: int) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        part = os.read(descriptor, 65536)
        if not part:
            return b""
        data += part
    return data


def _end_with_host(descriptor: int) -> None:
    """Wait for the end of stdin, then end this process and what it started."""
    while os.read(descriptor, 1):
        pass
    if os.getpgrp() == os.getpid():  # else the group is not ours to end
        os.killpg(0, signal.SIGINT)
        time.sleep(LAST_SECONDS)
        os.killpg(0, signal.SIGKILL)
    os._exit(INTERRUPTED)


def _run_program(request: dict[str, Any]) -> int:
    import pulumi
    import pulumi.runtime

    pulumi.runtime.set_all_config(request["config"], request["secret_keys"])
    pulumi.runtime.configure(pulumi.runtime.Settings(**request["settings"]))
    program: str = request["program"]
    main_file = Path(program, "__main__.py") if Path(program).is_dir() else Path(program)
    if not main_file.is_file():
        pulumi.log.error(f"{main_file.absolute()} is not there; a program in Python starts in it")
        return ERROR_WAS_SHOWN
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max(request["settings"]["parallel"], 1) * THREADS_PER_OPERATION)
    loop.set_default_executor(executor)
    # A program that fails leaves futures unread; asyncio would add a warning for each to the one error that counts.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(partial(_run_file, program)))
    except KeyboardInterrupt:  # while the SDK waited for the engine
        _leave_interrupted()
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return ERROR_WAS_SHOWN
    except Exception as error:  # noqa: BLE001  # the last line of defence: shown with its trace
        pulumi.log.error("Program failed with an unhandled exception:\n" + describe(error, main_file))
        return ERROR_WAS_SHOWN
    finally:
        executor.shutdown(wait=True)
        loop.close()
    return 0


def _run_file(program: str) -> None:
    try:
        runpy.run_path(program, run_name="__main__")
    except KeyboardInterrupt:
        # Here and not further up: the SDK would first wait for answers that an engine which is going down never gives.
        _leave_interrupted()


def _leave_interrupted() -> NoReturn:
    """End at once; the program's own clean-up code has run, and a thread that waits for the engine must not hold us."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def describe(error: BaseException, main_file: Path) -> str:
    """Format an exception from the program's own first line on, without the frames that led there."""
    own = error.__traceback__
    while own is not None and not _is_in(own, main_file):
        own = own.tb_next
    if own is None and not (isinstance(error, SyntaxError) and _same(error.filename or "", main_file)):
        own = error.__traceback__  # raised outside the main file, in a callback: every frame counts
    return "".join(traceback.format_exception(type(error), error, own))


def _is_in(frame: TracebackType, main_file: Path) -> bool:
    return _same(frame.tb_frame.f_code.co_filename, main_file)


def _same(name: str, file: Path) -> bool:
    return Path(name).absolute() == file.absolute()


if __name__ == "__main__":
    try:
        code = main(sys.argv[1])
    except KeyboardInterrupt:
        _leave_interrupted()
    sys.exit(code)
