"""From the stack file to whom one model's loader believes."""

from components.loaders.contract import Trust
from stacks.spec.model import Model
from stacks.spec.stack import StackSpec


def trust_of(spec: StackSpec, model: Model) -> Trust:
    """Return the model's own signers with the CAs and mirrors of the whole stack."""
    return Trust(signature=model.signature, ca_certificates=spec.loading.ca_certificates, mirrors=spec.loading.mirrors)
