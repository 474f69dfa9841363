"""How much disk weights of a size need."""

from math import ceil

_DISK_SHARE = 1.1  # file systems need room for their own tables
_DISK_EXTRA_MIB = 1024  # the staged copy's unpacked odds and ends, and manifests


def copy_mib(size_gib: float) -> int:
    """Return the room one copy of the weights needs on a volume of its own, MiB."""
    return ceil(size_gib * 1024 * _DISK_SHARE) + _DISK_EXTRA_MIB
