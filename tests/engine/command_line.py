"""Runs the real Pulumi command line on a stack of its own: own state, own cluster folder, the program of this clone."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from rehearsal.toolchain.envfile import environment
from rehearsal.toolchain.paths import Paths
from tests.engine_home import make_engine_home
from tests.rehearsal.cluster.helpers import make_home
from tests.stack_files import ROOT, config_of

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Result:
    """What a command said.

    Attributes:
        code: exit code.
        text: standard output and standard error.
    """

    code: int
    text: str


@dataclass(slots=True)
class EngineStack:
    """One stack and its stack file, both below one scratch folder.

    Attributes:
        name: stack name.
        folder: state, stack file and clusters.
        config: contents of the stack file's ``config``; change it and run again.
    """

    name: str
    folder: Path
    config: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(config_of(ROOT / "Pulumi.dev.yaml")))

    @property
    def env(self) -> dict[str, str]:
        """The environment of `.slipway/env`, with state and clusters in the scratch folder."""
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        paths = Paths.from_environment()
        own = {
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_HOME": str(make_engine_home(self.folder / "pulumi", paths.pulumi_home / "plugins")),
            "SLIPWAY_HOME": str(make_home(self.folder / "slipway")),
        }
        return {**environment(paths, automatic_plugins=False), **own}

    @property
    def file(self) -> Path:
        """The stack file, written from ``config``; what the engine adds to it stays."""
        path = self.folder / "stack.yaml"
        written: dict[str, Any] = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump({**written, "config": self.config}))
        return path

    def section(self, name: str) -> Any:  # noqa: ANN401 - YAML data
        """Return a section of the stack file, to be changed in place."""
        return self.config[f"slipway:{name}"]

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own; the caller ends it."""
        return subprocess.Popen(
            ["pulumi", "--non-interactive", *words, "--stack", self.name],  # noqa: S607 - found through the env's PATH
            cwd=ROOT,
            env=self.env,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, *words: str) -> Result:
        """Run a command to its end.

        Raises:
            subprocess.TimeoutExpired: it took longer than four minutes; its group is killed.
        """
        process = self.start(*words)
        try:
            text, _ = process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            raise
        return Result(process.returncode, text)

    def configured(self, *words: str) -> Result:
        """Run a command that reads the stack file."""
        return self.run(*words, "--config-file", str(self.file))

    def up(self, *words: str) -> Result:
        """Run `pulumi up` without questions and without the preview before it."""
        return self.configured("up", "--yes", "--skip-preview", *words)

    def refresh(self) -> Result:
        """Run `pulumi refresh` without questions and without the preview before it."""
        return self.configured("refresh", "--yes", "--skip-preview")

    def changes(self) -> dict[str, str]:
        """Return what a preview would do: operation by ``type name``, unchanged resources left out."""
        result = self.configured("preview", "--json")
        assert result.code == 0, result.text
        steps = json.loads(result.text[result.text.index("{") :])["steps"]
        return {_label(step["urn"]): step["op"] for step in steps if step["op"] != "same"}


def _label(urn: str) -> str:
    _, _, kind, name = urn.split("::")
    return f"{kind.rsplit('$', 1)[-1].rsplit(':', 1)[-1]} {name}"
