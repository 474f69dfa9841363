"""What a watching loader must know again after its container was restarted."""

import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import jsonread
from .errors import UnsupportedError
from .locks import machine
from .tree import write_durably


def instance() -> str:
    """Return a name for this pod: the same after a restart of one container, another after a restart of the pod.

    All containers of a pod share one network namespace, which lives as long as the pod does (Kubernetes
    documentation, "Pods", section "Pod networking").
    """
    network = 0
    with suppress(OSError):
        network = Path("/proc/self/ns/net").stat().st_ino
    return f"{machine()}/{socket.gethostname()}/{network}"


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchState:
    """What is written down before every switch.

    Attributes:
        instance: pod that wrote it.
        reference: as configured; another one starts anew.
        previous: key of the version to go back to if the runtime refuses the current one; empty if there is none.
    """

    instance: str
    reference: str
    previous: str


def state_path(into: Path, link: str) -> Path:
    """Return the file of the loader that moves one link."""
    return into / ".store" / f".watch-{link}.json"


def read_state(path: Path) -> WatchState | None:
    """Return what was written, or None if nothing readable was."""
    with suppress(OSError, UnsupportedError):
        raw = jsonread.document(path.read_bytes(), path.name)
        return WatchState(
            instance=jsonread.text(raw.get("instance"), "instance"),
            reference=jsonread.text(raw.get("reference"), "reference"),
            previous=jsonread.text(raw.get("previous"), "previous"),
        )
    return None


def write_state(path: Path, state: WatchState) -> None:
    """Write it, durably, in one rename."""
    fields = {"instance": state.instance, "reference": state.reference, "previous": state.previous}
    write_durably(path, json.dumps(fields).encode())
    os.chmod(path, 0o644)  # noqa: PTH101  # the same as for every other file of the store
