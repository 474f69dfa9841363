"""Locks on files (``flock``): the kernel drops them when the holder dies, on NFS 4 the server does.

They tell at once that a process on the same machine has died. They never decide alone who may write: see ``lease``.
"""

import errno
import fcntl
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
