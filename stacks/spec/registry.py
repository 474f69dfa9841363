"""Section ``registry``: the private container registry that images and model artifacts come from."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stacks.spec.base import ConfigKey, Section, form

RegistryHost = Annotated[
    str,
    StringConstraints(
        pattern=form(r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$", "host[:port] without a scheme"), max_length=253
    ),
]


class GenericRegistry(Section):
    """Any registry that takes a user name and a password."""

    type: Literal["generic"]
    server: RegistryHost = Field(description="host[:port], without a scheme")
    username_key: ConfigKey = Field(default="registryUsername", description="secret key with the user name")
    password_key: ConfigKey = Field(default="registryPassword", description="secret key with the password")


Registry = GenericRegistry
