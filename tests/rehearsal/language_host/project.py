"""A throw-away Pulumi project that is run by the real engine with the stand-in language host."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.language_host.launcher import DYNAMIC_NAME, LAUNCHER_NAME, dynamic_text, launcher_text
from rehearsal.toolchain.tools import find_tool
from tests.engine_home import make_engine_home

CLONE = Path(__file__).parents[3]
COMMAND_SECONDS = 60.0


def engine_folder(folder: Path) -> Path:
    """Fill a folder with the engine and the stand-in host, as `make setup` does, whatever host the engine came with."""
    folder.mkdir(parents=True)
    found = find_tool("pulumi").resolve()
    try:
        os.link(found, folder / "pulumi")
    except OSError:  # another file system
        shutil.copy2(found, folder / "pulumi")
    for name, text in ((LAUNCHER_NAME, launcher_text(CLONE)), (DYNAMIC_NAME, dynamic_text(CLONE))):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@dataclass(frozen=True)
class Project:
    """A folder with a program, a stack "dev" in a file backend, and the environment for both."""

    root: Path
    engine: Path
    environment: Mapping[str, str]

    @classmethod
    def create(cls, root: Path, engine: Path, *, virtualenv: str | None = None) -> "Project":
        """Make the project and its stack.

        Args:
            root: an empty folder for program, state and PULUMI_HOME.
            engine: from `engine_folder`.
            virtualenv: the project's option; without it the host's own Python runs the program.
        """
        folder = root / "project"
        folder.mkdir()
        (root / "state").mkdir()
        option = f"  options:\n    virtualenv: {virtualenv}\n" if virtualenv else ""
        (folder / "Pulumi.yaml").write_text(f"name: sample\nruntime:\n  name: python\n{option}", encoding="utf-8")
        environment = {
            "HOME": str(root),
            "PATH": f"{engine}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "only for tests",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(make_engine_home(root / "home")),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        project = cls(folder, engine / "pulumi", environment)
        project.pulumi("stack", "init", "dev")
        return project

    def write(self, text: str, name: str = "__main__.py") -> None:
        """Write a file of the program."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command that does not ask."""
        return subprocess.Popen(
            [self.engine, *arguments, "--non-interactive", "--color", "never"],
            cwd=self.root,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell that runs the tests in its background hands down an ignored SIGINT.
            preexec_fn=_take_interrupts,  # noqa: PLW1509  # the test process starts no command from a second thread
        )

    def pulumi(self, *arguments: str, fails: bool = False) -> str:
        """Run a command to its end and return what it printed.

        Raises:
            AssertionError: it failed where it should not, or the other way round.
        """
        process = self.start(*arguments)
        try:
            output, _ = process.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"pulumi {arguments} hangs; it printed: {process.communicate()[0]}") from None
        assert (process.returncode != 0) == fails, f"pulumi {arguments} ended with {process.returncode}:\n{output}"
        return output

    def state(self) -> str:
        """Return the stack's state as it is stored."""
        return (self.root.parent / "state/.pulumi/stacks/sample/dev.json").read_text(encoding="utf-8")

    def wait_for(self, name: str) -> None:
        """Wait until the program has made this file.

        Raises:
            AssertionError: it does not come.
        """
        end = time.monotonic() + COMMAND_SECONDS
        while not (self.root / name).exists():
            assert time.monotonic() < end, f"the program made no {name}"
            time.sleep(0.02)

    def processes(self) -> list[str]:
        """Return the processes that run in the project's folder, such as language host and program."""
        found: list[str] = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if (folder / "cwd").readlink() == self.root and _is_alive(folder):
                    found.append(f"{folder.name} {(folder / 'cmdline').read_text().replace(chr(0), ' ')}")
            except OSError:
                continue  # it has just ended
        return found

    def processes_after(self, seconds: float, *, but: int = 0) -> list[str]:
        """Return the processes that are left when the time is over, or as soon as there are no more than ``but``."""
        end = time.monotonic() + seconds
        while len(left := self.processes()) > but and time.monotonic() < end:
            time.sleep(0.05)
        return left


def read_until_end(process: subprocess.Popen[str], seconds: float) -> tuple[str, float]:
    """Return what a process prints until it ends, and how long that took in seconds."""
    start = time.monotonic()
    output, _ = process.communicate(timeout=seconds)
    return output, time.monotonic() - start


def contains_all(text: str, parts: Sequence[str]) -> bool:
    """Tell whether the text has every part."""
    return all(part in text for part in parts)


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _is_alive(folder: Path) -> bool:
    return ") Z " not in (folder / "stat").read_text()  # a zombie waits for its parent and does nothing
