"""Sources of single files: object stores, web servers, Hugging Face hubs, and volumes that are there already."""

from typing import Annotated, Literal

from pydantic import Field

from stacks.spec.base import (
    ConfigKey,
    Endpoint,
    FileListDigest,
    HttpListReference,
    HuggingFaceReference,
    Name,
    S3Reference,
    Section,
    form,
)
from stacks.spec.sizes import copy_mib

FilePattern = Annotated[
    str,
    Field(
        pattern=form(r"^[^\s-]\S{0,199}$", "a pattern of paths such as *.safetensors, without spaces"),
    ),
]
ClaimPath = Annotated[
    str,
    Field(
        pattern=form(r"^(/|(/\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)+)$", "an absolute path inside the volume, without .."),
        max_length=200,
    ),
]


class _FileSource(Section):
    size_gib: float = Field(gt=0, le=4096, description="size of the files, GiB; start-up budget and disk")
    filter: tuple[FilePattern, ...] = Field(
        default=(), description="patterns of the paths to load, * also matches slashes; left out: every file"
    )

    @property
    def disk_mib(self) -> int:
        """Room one copy of the weights needs on a volume of its own, MiB."""
        return copy_mib(self.size_gib)


class S3Credentials(Section):
    """Which secret keys of the stack hold the key pair."""

    access_key_id_key: ConfigKey = Field(description="secret key with the access key's id")
    secret_access_key_key: ConfigKey = Field(description="secret key with the secret access key")


class S3Source(_FileSource):
    """Objects below a prefix of a bucket (COS, OSS, MinIO, AWS), pinned by the digest of their SHA256SUMS."""

    type: Literal["s3"]
    reference: S3Reference = Field(description="s3://bucket/prefix@sha256:digest of the object SHA256SUMS")
    endpoint: Endpoint | None = Field(default=None, description="address of the store, without the bucket; empty: AWS")
    region: str | None = Field(
        default=None,
        pattern=form(r"^[A-Za-z0-9-]{1,40}$", "the name of a region, such as ap-guangzhou"),
        description="region requests are signed for; needed for AWS",
    )
    addressing: Literal["virtual", "path"] = Field(
        default="virtual", description="bucket before the host or in the path; MinIO usually needs path"
    )
    credentials: S3Credentials | None = Field(default=None, description="key pair; left out: anonymous")
    plain_http: bool = Field(default=False, description="the store speaks HTTP without TLS; never the default")

    @property
    def followed(self) -> str:
        """The name that may move, without the digest."""
        return self.reference.rpartition("@")[0]


class HttpSource(_FileSource):
    """Files beside a list on a web server, pinned by the list's digest."""

    type: Literal["http"]
    reference: HttpListReference = Field(description="https://host/directory/SHA256SUMS@sha256:digest of the list")
    token_key: ConfigKey | None = Field(default=None, description="secret key with a bearer token; left out: none")
    plain_http: bool = Field(default=False, description="the server speaks HTTP without TLS; never the default")

    @property
    def followed(self) -> str:
        """The name that may move, without the digest."""
        return self.reference.rpartition("@")[0]


class HuggingFaceSource(_FileSource):
    """A model of a Hugging Face hub or a mirror of it, pinned by its commit."""

    type: Literal["huggingface"]
    reference: HuggingFaceReference = Field(description="organisation/name[:branch]@commit of 40 hex digits")
    endpoint: Endpoint | None = Field(default=None, description="address of a mirror; left out: https://huggingface.co")
    token_key: ConfigKey | None = Field(default=None, description="secret key with an access token; left out: none")
    plain_http: bool = Field(default=False, description="the mirror speaks HTTP without TLS; never the default")

    @property
    def followed(self) -> str | None:
        """The model and its branch, which may move; None where no branch is named."""
        named = self.reference.rpartition("@")[0]
        return named if ":" in named else None


class ClaimSource(_FileSource):
    """Files on a volume that is there already, pinned by the digest of the SHA256SUMS beside them."""

    type: Literal["claim"]
    claim: Name = Field(description="name of a claim in the models' namespace; it is mounted read-only")
    path: ClaimPath = Field(default="/", description="directory inside the volume that has the SHA256SUMS")
    digest: FileListDigest = Field(description="sha256:digest of that SHA256SUMS")

    @property
    def reference(self) -> str:
        """Where the files are and what pins them."""
        return f"{self.followed}@{self.digest}"

    @property
    def followed(self) -> str:
        """The directory, whose files may change."""
        return f"{self.claim}:{self.path}"
