"""The loader's agent and what is put beside it, each as one command that leaves a whole, durable model."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.artifacts import Artifact, Form

ROOT = Path(__file__).resolve().parent.parent
PARALLEL = 4
"""Layers at a time, for everyone; what the agent does unless told otherwise."""

IMAGE_TOOLS = "skopeo + umoci"
CHECKED = "link, checked"
"""Receiving and checking, nothing stored: what a processor must do for a load, whoever does it."""

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_PACKAGES = ("skopeo", "umoci", "libgpgme11", "libassuan0")
_SYNC = 'find "$INTO" -type f -print0 | xargs -0 sync'
_EACH = f'printf "%s\\n" $BLOBS | xargs -P {PARALLEL} -I@'
_GET = 'curl -sSf "$HOST/v2/bench/model/blobs/@"'

SCRIPTS: dict[str, dict[Form, str]] = {
    "curl + tar": {
        "raw": f'{_EACH} {_GET} -o "$INTO/@"; {_SYNC}',
        "tar": f"{_EACH} bash -o pipefail -c '{_GET} | tar -x -C \"$INTO\"'; {_SYNC}",
        "gzip": f"{_EACH} bash -o pipefail -c '{_GET} | tar -xz -C \"$INTO\"'; {_SYNC}",
    },
    IMAGE_TOOLS: {
        "raw": 'skopeo --insecure-policy --tmpdir "$INTO" copy -q --src-tls-verify=false'
        ' --dest-oci-accept-uncompressed-layers "docker://${HOST#http://}/bench/model:$TAG" "oci:$INTO/oci:model";'
        f' umoci --log error unpack --rootless --image "$INTO/oci:model" "$INTO/bundle"; {_SYNC}',
    },
}
"""Shell commands by contender and form. ``sync`` makes the files durable, as the agent does."""

SCRIPTS[IMAGE_TOOLS]["tar"] = SCRIPTS[IMAGE_TOOLS]["gzip"] = SCRIPTS[IMAGE_TOOLS]["raw"]

FLOORS = {
    "disk, zeros": 'dd if=/dev/zero of="$INTO/x" bs=1M count="$MIB" conv=fsync status=none',
    "disk, same bytes": 'dd if="$CONTENT" of="$INTO/x" bs=1M conv=fsync status=none',
    "link": f"{_EACH} {_GET} -o /dev/null",
    CHECKED: f"{_EACH} bash -o pipefail -c '{_GET} | openssl dgst -sha256'",
}


@dataclass(frozen=True, slots=True)
class Tools:
    """How the tools for images are found.

    Attributes:
        env: what their environment needs.
        missing: why there are none, or nothing.
    """

    env: dict[str, str] = field(default_factory=dict[str, str])
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took.

    Attributes:
        wall_seconds: from start to end.
        cpu_seconds: user and system time of everything it started and waited for; the kernel's own threads, which
            write pages back, are not in it.
        peak_mib: largest resident memory of one of its processes.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


class Failed(Exception):  # noqa: N818  # it is the contender that failed
    """A command ended with an error; the text has the end of what it said."""


def run(command: list[str], env: dict[str, str]) -> Cost:
    """Run a command to its end.

    Raises:
        Failed: it did.
    """
    begun = time.perf_counter()
    with subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            said = process.stderr.read() if process.stderr else ""
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # a shell's children too: they would write on
            raise
    wall = time.perf_counter() - begun
    if process.returncode:
        raise Failed(f"{command[0]} ended with {process.returncode}: {said[-600:].strip()}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def agent_command(host: str, artifact: Artifact, into: Path) -> list[str]:
    """Return the command line that loads an artifact with the agent."""
    reference = f"{host.removeprefix('http://')}/bench/model@{artifact.digest}"
    words = ["once", "--source", "oci", "--reference", reference, "--into", str(into), "--plain-http"]
    return [*agent_start(), *words, "--parallel", str(PARALLEL)]


def agent_start() -> list[str]:
    """Return the beginning of every command line of the agent."""
    return [sys.executable, "-m", "agent"]


def agent_env() -> dict[str, str]:
    """Return the environment in which the agent is found as a package."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "components/loaders")}


def run_agent(host: str, artifact: Artifact, into: Path) -> Cost:
    """Load with the agent."""
    return run(agent_command(host, artifact, into), agent_env())


def run_script(script: str, host: str, artifact: Artifact, into: Path, more: dict[str, str]) -> Cost:
    """Run one of the shell commands."""
    env = {
        **os.environ,
        "HOST": host,
        "INTO": str(into),
        "BLOBS": " ".join(artifact.blobs),
        "TAG": artifact.tag,
        **more,
    }
    return run(["bash", "-euo", "pipefail", "-c", script], env)


def debian_tools(folder: Path) -> Tools:
    """Find ``skopeo`` and ``umoci``, unpacking their Debian packages into a folder if they are not on the PATH.

    Args:
        folder: of this run.
    """
    if shutil.which("skopeo") and shutil.which("umoci"):
        return Tools()
    folder.mkdir()
    try:
        _quietly("apt-get", "download", *_PACKAGES, cwd=folder)
        for package in folder.glob("*.deb"):
            _quietly("dpkg", "-x", str(package), str(folder), cwd=folder)
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.strip()[-200:] if isinstance(error, subprocess.CalledProcessError) else str(error)
        return Tools(missing=f"not installed: not on PATH, and no Debian packages to be had ({said})")
    libraries = str(folder / _LIBRARIES)
    return Tools(env={"PATH": f"{folder / 'usr/bin'}:{os.environ['PATH']}", "LD_LIBRARY_PATH": libraries})


def _quietly(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)


def own_peak_mib() -> float:
    """Return this process's peak memory: a started process counts it as its own until it is replaced."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
