"""Command line: `python -m rehearsal.toolchain setup [--with registry]|doctor|env`."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import TYPE_CHECKING

from rehearsal.toolchain.errors import ToolchainError
from rehearsal.toolchain.paths import Paths
from rehearsal.toolchain.versions import OPTIONAL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0 fine, 1 a problem that was explained, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="find, download or build every tool; write .slipway/env")
    setup.add_argument(
        "--with", dest="extra", action="append", default=[], choices=OPTIONAL, help="a group that only tests need"
    )
    commands.add_parser("doctor", help="say what is present, from where, and what is wrong")
    commands.add_parser("env", help="print the path of the file to source")
    given = parser.parse_args(arguments)
    for polite in (signal.SIGTERM, signal.SIGHUP):  # a kill or a closed terminal ends the children, too
        if signal.getsignal(polite) is not signal.SIG_IGN:  # as under nohup
            signal.signal(polite, _interrupt)
    try:
        return _run(given)
    except KeyboardInterrupt:
        print("\nInterrupted. `make setup` goes on from what is finished or compiled already.", file=sys.stderr)
        return _INTERRUPTED
    except ToolchainError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        return 1


def _run(given: argparse.Namespace) -> int:
    paths = Paths.from_environment()
    if given.command == "setup":
        from rehearsal.toolchain.install import Setup  # late: the other commands need none of it

        Setup(paths=paths, extra=tuple(given.extra)).run()
        return 0
    if given.command == "doctor":
        from rehearsal.toolchain.doctor import doctor

        return doctor(paths)
    if not paths.environment_file.exists():
        raise ToolchainError(f"{paths.environment_file} is not there. Fix: run `make setup`")
    print(paths.environment_file)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number, frame)


if __name__ == "__main__":
    sys.exit(main())
