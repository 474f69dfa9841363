"""What storage of any kind gives to the pods that mount it."""

from dataclasses import dataclass

from components.objects import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class StoragePlan:
    """One shared volume, as plain data.

    Attributes:
        claim_name: claim pods mount, in the models' namespace.
        volume: PersistentVolume to make first; None = somebody else provides it.
        claim: PersistentVolumeClaim to make; None = it exists.
    """

    claim_name: str
    volume: Manifest | None
    claim: Manifest | None
