"""Small valid pieces of a model that the tests of several folders put together; what a test is about it sets itself."""

from dataclasses import replace

from components.loaders import dispatch as loaders
from components.loaders.contract import Loaded, LoaderPlace
from components.node_pool.contract import NodeTarget
from components.runtimes import dispatch as runtimes
from components.runtimes.contract import Server
from components.workload.pod import PodPlacement
from stacks.spec.loader import Loader
from stacks.spec.runtime import HttpRuntime, Runtime, VllmRuntime
from stacks.spec.source import ModelKitSource, OciSource, Source

DIGEST = "sha256:" + "ab" * 32
HTTP = HttpRuntime(type="http", image="registry.example.com/echo:1.0")
VLLM = VllmRuntime(type="vllm")
KIT = ModelKitSource.model_validate(
    {
        "type": "modelkit",
        "reference": f"registry.example.com/models/qwen3:1.2.0@{DIGEST}",
        "sizeGib": 16,
        "filter": ("model", "docs"),
    }
)
ARTIFACT = OciSource.model_validate(
    {
        "type": "oci",
        "reference": f"registry.models.svc:5000/models/qwen3@{DIGEST}",
        "sizeGib": 0.5,
        "plainHttp": True,
    }
)
ON_CARDS = PodPlacement(
    nodes=NodeTarget(
        node_selector={"slipway.dev/node-pool": "l20"},
        tolerations=({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},),
        resource="nvidia.com/gpu",
        accelerators=2,
    ),
    cpu=2.5,
    memory_gib=32,
    image_pull_secrets=("registry",),
    service_account="models",
)
ON_CPU = replace(
    ON_CARDS,
    nodes=NodeTarget(node_selector={"slipway.dev/node-pool": "cpu"}, tolerations=(), resource=None, accelerators=0),
    cpu=0.5,
    memory_gib=2,
    image_pull_secrets=(),
)


def place(
    *,
    claim: str | None = None,
    secret: str | None = "registry",  # noqa: S107 - the name of a Secret
    user: int = 2000,
    model: str = "qwen",
) -> LoaderPlace:
    """Return a place for a model's loader."""
    return LoaderPlace(
        model=model,
        namespace="models",
        service_account="model-server",
        nodes=ON_CPU.nodes,
        kubernetes_version=(1, 34),
        storage_claim=claim,
        pull_secret=secret,
        user=user,
        server_port=8080,
    )


def load(source: Source | None = KIT, where: LoaderPlace | None = None, loader: Loader | None = None) -> Loaded:
    """Return what brings the weights of ``qwen``."""
    return loaders.render(loader, source, where or place())


def serve(
    spec: Runtime = VLLM,
    *,
    accelerators: int = 1,
    model_path: str = "/models/current",
    startup_seconds: int = 605,
    drain_seconds: int | None = None,
) -> Server:
    """Return the server of ``qwen``."""
    return runtimes.render(
        spec,
        name="qwen",
        accelerators=accelerators,
        model_path=model_path,
        startup_seconds=startup_seconds,
        drain_seconds=drain_seconds,
    )
