"""Where a model's weights come from."""

from typing import Annotated, Literal

from pydantic import Field

from stacks.spec.base import OciDigestReference, Section, form

KitFilter = Annotated[
    str,
    Field(
        pattern=form(
            r"^(model|docs|code|datasets|kitfile)(:[A-Za-z0-9._/-]+)?$",
            "model, docs, code, datasets or kitfile, with :name for one entry",
        )
    ),
]


class _OciSource(Section):
    reference: OciDigestReference = Field(description="host/repository[:tag]@sha256:digest")
    size_gib: float = Field(gt=0, le=4096, description="size of the unpacked files, GiB; start-up budget and disk")
    plain_http: bool = Field(default=False, description="the registry speaks HTTP without TLS; never the default")


class ModelKitSource(_OciSource):
    """A KitOps ModelKit in an OCI registry, pinned by digest."""

    type: Literal["modelkit"]
    filter: tuple[KitFilter, ...] = Field(
        default=("model",), min_length=1, description="parts to load, as in `kit unpack --filter`"
    )


class OciSource(_OciSource):
    """A plain OCI artifact whose layers are files or tar archives, pinned by digest."""

    type: Literal["oci"]


Source = Annotated[ModelKitSource | OciSource, Field(discriminator="type")]
