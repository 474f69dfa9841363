"""Section ``security``: the namespace models live in and what may talk to it."""

from typing import Literal

from pydantic import Field

from stacks.spec.base import Cidr, Name, Section


class Security(Section):
    """Namespace, Pod Security level and network openings."""

    namespace: Name = Field(default="models", description="namespace of every model of the stack")
    pod_security: Literal["restricted", "baseline"] = Field(
        default="restricted", description="Pod Security level that is enforced"
    )
    client_namespaces: tuple[Name, ...] = Field(
        default=(), description="namespaces whose pods may call the models, a gateway's for instance"
    )
    loader_cidrs: tuple[Cidr, ...] = Field(
        default=(), description="networks loaders may reach on the registry's port; left out: any address on that port"
    )
