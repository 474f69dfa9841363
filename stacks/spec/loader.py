"""How a model's weights reach the pod."""

from typing import Annotated, Final, Literal

from pydantic import Field

from stacks.spec.base import ImageReference, Section, form

_SCHEDULE = form(
    r"^(\S+ ){4}\S+$",
    'five fields of a crontab line, such as "*/15 * * * *" (Kubernetes, "CronJob", "Schedule syntax")',
)

_AT_ONCE: Final = 2  # the current version, and the next one, which is whole before anything changes


class _AgentLoader(Section):
    image: ImageReference = Field(
        default="docker.io/library/python:3.14-slim",
        description="image with Python 3.11 or newer the agent runs in; zstd layers need 3.14",
    )


class InitLoader(_AgentLoader):
    """The agent runs as an init container: the server starts when the model is whole."""

    type: Literal["init"]
    into: Literal["pod", "storage"] | None = Field(
        default=None,
        description="pod = a volume of the pod's own; storage = `storage.models`, shared. Left out: storage if given",
    )


class SidecarLoader(_AgentLoader):
    """The agent runs beside the server, follows a tag and tells the server when a new version is whole."""

    type: Literal["sidecar"]
    interval_seconds: int = Field(default=60, ge=5, le=86_400, description="pause between two looks at the tag, s")
    keep_previous: int = Field(
        default=1, ge=0, le=8, description="versions kept beside the current one; each takes its size of node disk"
    )

    @property
    def versions(self) -> int:
        """Versions that lie beside each other at most."""
        return _AT_ONCE + self.keep_previous


class SyncLoader(_AgentLoader):
    """A CronJob keeps `storage.models` in step with a tag; servers follow the link `current` themselves."""

    type: Literal["sync"]
    schedule: str = Field(default="*/15 * * * *", pattern=_SCHEDULE, description="when to look at the tag, UTC")
    keep_previous: int = Field(
        default=1, ge=1, le=8, description="versions kept beside the current one, for servers that still read them"
    )

    @property
    def versions(self) -> int:
        """Versions that lie beside each other at most."""
        return _AT_ONCE + self.keep_previous


class PreloadLoader(_AgentLoader):
    """A Job loads the version into `storage.models` once; pods wait for it and move no bytes themselves."""

    type: Literal["preload"]


class NodeCacheLoader(_AgentLoader):
    """A DaemonSet keeps the version on every node of the pool; pods mount it read-only."""

    type: Literal["nodeCache"]


class ImageLoader(Section):
    """The kubelet mounts an OCI image as a read-only volume (Kubernetes, "Image Volumes"); no agent runs."""

    type: Literal["image"]


Loader = Annotated[
    InitLoader | SidecarLoader | SyncLoader | PreloadLoader | NodeCacheLoader | ImageLoader, Field(discriminator="type")
]
