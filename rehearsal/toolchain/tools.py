"""Gives the rest of the rehearsal the path of a tool."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

from rehearsal.toolchain.errors import ToolMissingError
from rehearsal.toolchain.paths import Paths
from rehearsal.toolchain.store import Store
from rehearsal.toolchain.versions import TOOLS


def find_tool(name: str, paths: Paths | None = None) -> Path:
    """The program that `make setup` chose for a tool.

    Args:
        name: pulumi, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, etcd, kwok or registry.
        paths: Roots to look under; by default those of this clone and user.

    Raises:
        ToolMissingError: The name is unknown, or nothing usable is there; the text names the fix.
    """
    if name not in TOOLS:
        raise ToolMissingError(f"{name!r} is not a tool of the rehearsal; known: {', '.join(sorted(TOOLS))}")
    where = paths or Paths.from_environment()
    chosen = read_selection(where).get(name)
    if chosen and os.access(chosen["path"], os.X_OK) and not _in_cache(where, chosen["path"]):
        return Path(chosen["path"])
    store = Store(where.cache)
    if store.read(name):
        return store.program(name)
    group, tool = TOOLS[name]
    raise ToolMissingError(
        f"{name} ({tool.range_text}, pinned {group.version}) is not available: neither a choice in {where.selection} "
        f"nor a whole copy in {store.folder(name)}. Fix: run `{group.made_by}`"
    )


def read_selection(paths: Paths) -> dict[str, dict[str, str]]:
    """What the last setup chose: path, version, origin by tool name; empty before the first setup."""
    try:
        text = paths.selection.read_text(encoding="utf-8")
        selection = cast("dict[str, Any]", json.loads(text))
    except (OSError, ValueError):
        return {}  # no setup yet, or an unreadable file that the next setup replaces
    return selection


def _in_cache(paths: Paths, program: str) -> bool:
    return Path(program).is_relative_to(paths.cache)  # such a copy is used only with a whole manifest
