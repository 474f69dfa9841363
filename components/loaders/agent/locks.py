"""Locks on files (``flock``): the kernel drops them when the holder dies, on NFS 4 the server does.

They tell at once that a process on the same machine has died. They never decide alone who may write: see ``lease``.
"""

import errno
import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


def try_lock(descriptor: int) -> bool | None:
    """Take an exclusive lock if it is free.

    Returns:
        True if taken, False if another process holds it, None if this volume has no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return False
        raise
    return True


def machine() -> str:
    """Return what tells this running kernel from others; empty where it does not say (proc(5), ``boot_id``)."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def owner(descriptor: int) -> bytes:
    """Return what a holder writes into its file: the kernel and the mount on which its lock means something.

    Not the host's name: in a pod that is the pod's name, and the pod that follows has another.
    """
    return json.dumps({"machine": machine(), "device": os.fstat(descriptor).st_dev}).encode()


def is_local(text: bytes, descriptor: int) -> bool:
    """Return whether a holder that wrote this uses the same kernel and mount, so that its lock can be believed."""
    try:
        return bool(machine()) and json.loads(text) == json.loads(owner(descriptor))
    except ValueError:
        return False  # it is just being written, or by something else
