"""Images that would not mean the same thing tomorrow."""

from collections.abc import Iterator

from stacks.errors import Problem, shown
from stacks.spec.cluster import KindCluster
from stacks.spec.loader import ImageLoader
from stacks.spec.stack import StackSpec


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield every image without a tag or digest, and every `latest`."""
    for path, image in _images(spec):
        name = image.partition("@")[0].rsplit("/", 1)[-1]
        tag = name.partition(":")[2]
        if "@" in image or (tag and tag != "latest"):
            continue
        rule = "an image without a tag means latest, and latest moves" if not tag else "latest moves between two pods"
        yield Problem(path=path, value=shown(image), rule=rule, fix="pin a version, better a digest: image@sha256:…")


def _images(spec: StackSpec) -> Iterator[tuple[str, str]]:
    if isinstance(spec.cluster, KindCluster) and spec.cluster.node_image:
        yield "slipway:cluster.nodeImage", spec.cluster.node_image
    for index, model in enumerate(spec.models):
        yield f"slipway:models[{index}].runtime.image", model.runtime.image
        if model.loader is not None and not isinstance(model.loader, ImageLoader):
            yield f"slipway:models[{index}].loader.image", model.loader.image
