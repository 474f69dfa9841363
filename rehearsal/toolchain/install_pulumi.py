"""Runs the official installer of the Pulumi CLI, `python -m rehearsal.toolchain.install_pulumi ROOT VERSION`.

It is a program of its own so that setup can log it, show progress and end it together with the installer's children.
"""

from __future__ import annotations

import sys

import semver
from pulumi.automation import PulumiCommand


def main(root: str, version: str) -> None:
    """Installs into `root/bin` through the Automation API, which fetches https://get.pulumi.com/install.sh."""
    command = PulumiCommand.install(root=root, version=semver.VersionInfo.parse(version))
    print(f"installed {command.version} at {command.command}")


if __name__ == "__main__":
    main(*sys.argv[1:])
