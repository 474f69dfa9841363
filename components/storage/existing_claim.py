"""A claim somebody else made."""

from components.storage.contract import StoragePlan
from stacks.spec.storage import ExistingClaimVolume


def render(spec: ExistingClaimVolume) -> StoragePlan:
    """Return the plan: nothing to make, and the claim's own name."""
    return StoragePlan(claim_name=spec.name, volume=None, claim=None)
