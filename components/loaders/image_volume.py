"""An OCI image as a read-only volume that the kubelet mounts; no agent runs.

Kubernetes, "Use an Image Volume With a Pod", and KEP-4639: alpha in 1.31, beta and off in 1.33 and 1.34, on in 1.35,
stable in 1.36. The whole image is mounted, because mounting a part of it (``subPath``) came only in 1.33. The pull
secrets are those of the pod. ``IfNotPresent`` is what a digest allows: what is on the node cannot be another image.
"""

from typing import Final

from components.loaders.contract import MODEL_MOUNT, Loaded
from components.loaders.source_args import DIGEST_ANNOTATION, SOURCE_ANNOTATION
from stacks.spec.source import ImageSource

_VOLUME: Final = "model-image"


def render(source: ImageSource) -> Loaded:
    """Return the volume and its mount; a new digest is a new pod template and so rolls pods."""
    image = {"reference": source.reference, "pullPolicy": "IfNotPresent"}
    return Loaded(
        init_containers=(),
        volumes=({"name": _VOLUME, "image": image},),
        server_mounts=({"name": _VOLUME, "mountPath": MODEL_MOUNT, "readOnly": True},),
        annotations={DIGEST_ANNOTATION: source.reference.split("@", 1)[1], SOURCE_ANNOTATION: source.reference},
        egress_ports=(),
    )


def model_path(source: ImageSource) -> str:
    """Return the directory of the weights, as the server sees it."""
    return f"{MODEL_MOUNT}{source.path.rstrip('/')}"
