"""The folder that goes first on PATH: the chosen tools, and what the engine expects beside itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.language_host.launcher import DYNAMIC_NAME, LAUNCHER_NAME, dynamic_text, launcher_text
from rehearsal.toolchain.files import link_atomic, same_file_atomic, write_atomic
from rehearsal.toolchain.probe import real_language_host

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths


def fill(paths: Paths, programs: Mapping[str, Path]) -> Path:
    """Puts every tool into the folder, removes what no longer belongs there, and returns the language host.

    The engine warns about each language host that it finds on PATH but not beside its own file, links resolved
    (github.com/pulumi/pulumi/sdk/v3 3.250.0, go/common/workspace/plugins.go). So with our stand-in host the engine's
    file itself is placed here, as a hard link or a copy; an official engine has its own host and is only linked.

    Args:
        paths: Whose `bin` is filled.
        programs: The chosen program by tool name.
    """
    pulumi = programs["pulumi"]
    host = real_language_host(pulumi)
    kept = {*programs}
    for name, program in programs.items():
        if name != "pulumi" or host:
            link_atomic(program, paths.bin / name)
    if host is None:
        host = paths.bin / LAUNCHER_NAME
        same_file_atomic(pulumi, paths.bin / "pulumi")
        write_atomic(host, launcher_text(paths.clone), mode=0o755)
        write_atomic(paths.bin / DYNAMIC_NAME, dynamic_text(paths.clone), mode=0o755)
        kept |= {LAUNCHER_NAME, DYNAMIC_NAME}
    for stray in paths.bin.iterdir():
        if stray.name not in kept:
            stray.unlink()
    return host
