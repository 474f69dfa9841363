"""How a model's weights reach the pod."""

from typing import Literal

from pydantic import Field

from stacks.spec.base import ImageReference, Section


class InitLoader(Section):
    """The agent runs as an init container: the server starts when the model is whole."""

    type: Literal["init"]
    into: Literal["pod", "storage"] | None = Field(
        default=None,
        description="pod = a volume of the pod's own; storage = `storage.models`, shared. Left out: storage if given",
    )
    image: ImageReference = Field(
        default="docker.io/library/python:3.14-slim",
        description="image with Python 3.11 or newer the agent runs in; zstd layers need 3.14",
    )


Loader = InitLoader
