"""The base of every section: camelCase in YAML, snake_case here, unknown keys refused, values never echoed."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


class Section(BaseModel):
    """A frozen part of the stack file.

    ``hide_input_in_errors`` keeps a secret that was typed into the wrong key out of every message.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        strict=True,
        validate_default=True,
    )


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=40),
    Field(description="lower-case letters, digits and hyphens, starts with a letter, at most 40 characters"),
]
"""A DNS-1123 label. 40 characters leave 23 of Kubernetes' 63 for what a component appends."""

ConfigKey = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][A-Za-z0-9]*$", max_length=60),
    Field(description="name of a secret key of this stack, set with `pulumi config set --secret`"),
]
"""The *name* of a flat secret key; a spec never holds the value itself."""

KubernetesVersion = Annotated[str, StringConstraints(pattern=r"^1\.\d{2}(\.\d+)?$")]
"""A Kubernetes version such as ``1.34`` or ``1.34.4``, quoted in YAML so that it stays text."""

ImageReference = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][A-Za-z0-9._/:@-]*$", max_length=400),
    Field(description="container image with a tag or, better, a digest; `latest` is refused"),
]

OciDigestReference = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][A-Za-z0-9.:-]*/[a-z0-9._/-]+(:[A-Za-z0-9._-]+)?@sha256:[0-9a-f]{64}$"),
    Field(description="host/repository[:tag]@sha256:digest; the digest is what is loaded, the tag is for people"),
]

Cidr = Annotated[str, StringConstraints(pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$")]

LabelKey = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9][a-z0-9.-]*/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$", max_length=317
    ),
]
LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$")]
