"""Where a model's weights come from."""

from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from stacks.spec.base import OciDigestReference, Section, form
from stacks.spec.file_source import ClaimSource, HttpSource, HuggingFaceSource, S3Source
from stacks.spec.sizes import copy_mib

KitFilter = Annotated[
    str,
    Field(
        pattern=form(
            r"^(model|docs|code|datasets|kitfile)(:[A-Za-z0-9._/-]+)?$",
            "model, docs, code, datasets or kitfile, with :name for one entry",
        )
    ),
]

ImagePath = Annotated[str, Field(pattern=form(r"^(/|(/[A-Za-z0-9._-]+)+)$", "an absolute path"), max_length=200)]


class _OciSource(Section):
    reference: OciDigestReference = Field(description="host/repository[:tag]@sha256:digest")
    size_gib: float = Field(gt=0, le=4096, description="size of the unpacked files, GiB; start-up budget and disk")
    plain_http: bool = Field(default=False, description="the registry speaks HTTP without TLS; never the default")

    @property
    def followed(self) -> str | None:
        """The name that may move, without the digest; None where there is none to follow."""
        named = self.reference.split("@", 1)[0]
        return named if ":" in named.rsplit("/", 1)[1] else None

    @property
    def disk_mib(self) -> int:
        """Room one copy of the weights needs on a volume of its own, MiB."""
        return copy_mib(self.size_gib)


class ModelKitSource(_OciSource):
    """A KitOps ModelKit in an OCI registry, pinned by digest."""

    type: Literal["modelkit"]
    filter: tuple[KitFilter, ...] = Field(
        default=("model",), min_length=1, description="parts to load, as in `kit unpack --filter`"
    )


class OciSource(_OciSource):
    """A plain OCI artifact whose layers are files or tar archives, pinned by digest."""

    type: Literal["oci"]


class ImageSource(Section):
    """An OCI image whose files are the model, mounted by the kubelet; only loader type image brings it."""

    type: Literal["image"]
    reference: OciDigestReference = Field(description="host/repository[:tag]@sha256:digest of the image")
    path: ImagePath = Field(default="/models", description="directory of the weights inside the image")
    size_gib: float = Field(gt=0, le=4096, description="size of the image's files, GiB; start-up budget and node disk")

    @property
    def followed(self) -> str | None:
        """Always None: a volume never changes under a running pod."""
        return None

    @property
    def disk_mib(self) -> int:
        """Room a node needs for it, MiB: the container runtime keeps the packed and the unpacked layers."""
        return 2 * ceil(self.size_gib * 1024)


AgentSource = ModelKitSource | OciSource | S3Source | HuggingFaceSource | HttpSource | ClaimSource
"""What the loader agent reads."""

Source = Annotated[AgentSource | ImageSource, Field(discriminator="type")]
