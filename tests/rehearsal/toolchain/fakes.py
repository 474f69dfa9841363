"""Fakes that the tests of the toolchain share."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rehearsal.toolchain.reach import Sources
from rehearsal.toolchain.versions import TOOLS

if TYPE_CHECKING:
    from pathlib import Path

_GO = """#!{python}
import json, os, pathlib, subprocess, sys, time
here = pathlib.Path(__file__).parent
plan = json.loads((here / "go.json").read_text())
if sys.argv[1] == "env":
    print(plan["version"], plan["toolchain"], str(here / "gocache"), str(here / "gomod"), sep="\\n")
    sys.exit(0)
if sys.argv[1] == "list":
    print(here / "sdk")
    sys.exit(0)
group = pathlib.Path.cwd().name
with (here / "builds").open("a") as log:
    log.write(group + "\\n")
print("compiling", group, flush=True)
if group == plan["fails"]:
    print(plan["says"])
    sys.exit(2)
target = sys.argv[sys.argv.index("-o") + 1]
packages = [word for word in sys.argv[sys.argv.index("-o") + 2 :]]
names = [p.rsplit("/", 1)[-1] for p in packages] if target.endswith("/") else [""]
for name in names:
    program = pathlib.Path(target + name)
    program.write_text("#!/bin/sh\\n")  # half of it
    if group == plan["hangs"]:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (here / "hanging").write_text(str(child.pid))
        time.sleep(600)
    time.sleep(plan["seconds"])
    program.write_text("#!/bin/sh\\necho version v" + plan["versions"][program.name] + "\\n")
    program.chmod(0o755)
"""


@dataclass
class FakeGo:
    """A `go` command that makes tiny scripts; what it is to do wrong is set by its fields."""

    folder: Path
    version: str = "go1.26.8"
    toolchain: str = "auto"
    fails: str = ""
    says: str = "./main.go:1: something is wrong"
    hangs: str = ""
    seconds: float = 0.0
    versions: dict[str, str] = field(
        default_factory=lambda: {name: group.version for name, (group, _) in TOOLS.items()}
    )

    def install(self) -> None:
        """Puts the command and its orders on disk; call again after a change."""
        self.folder.mkdir(exist_ok=True)
        program = self.folder / "go"
        program.write_text(_GO.format(python=sys.executable))
        program.chmod(0o755)
        orders = {name: value for name, value in vars(self).items() if name != "folder"}
        (self.folder / "go.json").write_text(json.dumps(orders))

    @property
    def builds(self) -> list[str]:
        """The groups it was asked to build, in order."""
        log = self.folder / "builds"
        return log.read_text().split() if log.exists() else []


def write_tool(folder: Path, name: str, version: str) -> Path:
    """A program on PATH that says a version."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho v{version}\n")
    program.chmod(0o755)
    return program


@dataclass
class Mirror:
    """A local server in place of the official ones."""

    address: str
    files: dict[str, bytes]
    asked: list[str]

    @property
    def sources(self) -> Sources:
        """Every official server is this one, under a prefix each."""
        base = self.address
        return Sources(pulumi=f"{base}/pu", kubernetes=f"{base}/k8s", github=f"{base}/gh", github_api=f"{base}/api")

    def add_probes(self, *, pulumi: bool = True) -> None:
        """Makes the servers answer the reachability question."""
        for server, address in self.sources.probes().items():
            if pulumi or server != self.sources.pulumi:
                self.files.setdefault(address.removeprefix(self.address), b"")

    def add_with_checksum(self, path: str, content: bytes) -> None:
        """A file and its `.sha256`."""
        self.files[path] = content
        self.files[f"{path}.sha256"] = hashlib.sha256(content).hexdigest().encode()
