"""Section ``loading``: how the loaders of a stack reach what they load, and whose signature they ask for."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stacks.spec.base import Section, form
from stacks.spec.registry import RegistryHost

_PORT = r"(6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3})"
Mirror = Annotated[
    str,
    StringConstraints(
        pattern=form(
            rf"^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:{_PORT})?/?$",
            "https://host[:port] without path, user, password and query",
        ),
        max_length=400,
    ),
]
PublicKeyText = Annotated[str, StringConstraints(max_length=4096)]
"""PEM; a rule and the loader's own parser say what is wrong with one, and neither repeats it."""

BundlePath = Annotated[
    str,
    StringConstraints(
        pattern=form(
            r"^\.?[A-Za-z0-9_][A-Za-z0-9._-]*(/\.?[A-Za-z0-9_][A-Za-z0-9._-]*)*$",
            "a path below the model's directory, such as model.sig or weights/model.sig, without ..",
        ),
        max_length=200,
    ),
]


class Loading(Section):
    """How loaders reach registries and other sources; the kubelet, which pulls images, uses none of it."""

    ca_certificates: str | None = Field(
        default=None,
        max_length=200_000,
        description="certificates of private CAs, PEM; loaders trust them beside the public ones, the kubelet does not",
    )
    mirrors: dict[RegistryHost, Mirror] = Field(
        default_factory=dict,
        description="registry host: https://mirror that loaders ask in its place; the kubelet has its own mirrors",
    )


class Signature(Section):
    """Whose signature a version needs before it may be served; loaders check what they unpack against it."""

    kind: Literal["modelSigning", "cosign"] = Field(
        default="modelSigning",
        description="what was signed: modelSigning = the files, in the model; "
        "cosign = the manifest in the registry, for sources modelkit and oci",
    )
    public_keys: tuple[PublicKeyText, ...] = Field(
        min_length=1,
        max_length=16,
        description="PEM public keys, P-256, P-384 or P-521; a signature by any one is enough, so keys can be rotated",
    )
    bundle: BundlePath = Field(
        default="model.sig",
        description="path of the signature in the model, for modelSigning; it must be among the files that are loaded",
    )
