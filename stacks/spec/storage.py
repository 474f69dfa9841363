"""Section ``storage``: where model weights are kept."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stacks.spec.base import HTTP_PATH, Name, Section, form

AccessMode = Literal["ReadWriteOnce", "ReadWriteMany"]
StorageClassName = Annotated[
    str, StringConstraints(pattern=form(r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "a lower-case DNS name"), max_length=253)
]


class ClaimVolume(Section):
    """A claim that a storage class of the cluster provisions."""

    type: Literal["claim"]
    storage_class: StorageClassName = Field(description="storage class that provisions the volume")
    size_gib: int = Field(ge=1, le=1_048_576, description="requested size, GiB")
    access_mode: AccessMode = Field(
        default="ReadWriteMany", description="ReadWriteOnce can serve the pods of one node only"
    )


class NfsVolume(Section):
    """An export of an NFS server, bound to one claim by name."""

    type: Literal["nfs"]
    server: str = Field(
        pattern=form(r"^[A-Za-z0-9.-]+$", "a host name or an address"),
        description="address the *nodes* can resolve: they mount it, and do not use the cluster's DNS",
    )
    path: str = Field(pattern=HTTP_PATH, description="exported path")
    size_gib: int = Field(ge=1, le=1_048_576, description="size to announce, GiB; the server decides what is real")


class ExistingClaimVolume(Section):
    """A claim that is already there, in the models' namespace."""

    type: Literal["existingClaim"]
    name: Name = Field(description="name of the claim")
    access_mode: AccessMode = Field(default="ReadWriteMany", description="what the claim allows")


ModelVolume = Annotated[ClaimVolume | NfsVolume | ExistingClaimVolume, Field(discriminator="type")]


class Storage(Section):
    """Shared volumes of the stack."""

    models: ModelVolume | None = Field(default=None, description="shared volume that loaders may load into")
