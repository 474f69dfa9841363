"""How an accelerator shows in Kubernetes: extended resource, taint and node labels.

What a card can do stands in ``stacks/spec/accelerators.py``; here is only what nodes carry and pods ask for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from stacks.spec.accelerators import ACCELERATORS, Accelerator, AcceleratorKey

NVIDIA_RESOURCE: Final = "nvidia.com/gpu"

_GFD: Final = "NVIDIA/k8s-device-plugin docs/gpu-feature-discovery/README.md (0.17), table of generated labels"
_GKE: Final = "nvidia.com/gpu=present:NoSchedule is what GKE puts on GPU node pools (Cloud documentation, About GPUs)"
_MINDCLUSTER: Final = (
    "Ascend/mind-cluster docker/ascend-device-plugin/OVERVIEW.md (26.0) for the accelerator label; its DaemonSet"
    " selects that label and tolerates the resource name as taint key"
)
_FAMILIES: Final = {
    (7, 5): "turing",
    (8, 0): "ampere",
    (8, 6): "ampere",
    (8, 9): "ada-lovelace",
    (9, 0): "hopper",
    (10, 0): "blackwell",
}
"""CUDA compute capability to the value of ``nvidia.com/gpu.family`` (NVIDIA/k8s-device-plugin internal/lm, 0.17)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KubernetesAccelerator:
    """What nodes with one accelerator model carry.

    Attributes:
        key: name in the stack file.
        resource: extended resource the vendor's device plugin announces, one unit per card.
        taint_key: key of the ``NoSchedule`` taint that keeps other pods away. It equals ``resource``, as the
            admission plugin ExtendedResourceToleration expects (Kubernetes 1.34, "Admission Control").
        taint_value: its value; pods tolerate any value of the key.
        labels: node labels by number of cards in the node.
        source: where the names come from.
    """

    key: AcceleratorKey
    resource: str
    taint_key: str
    taint_value: str
    labels: Callable[[int], dict[str, str]]
    source: str


def _nvidia(accelerator: Accelerator, capability: tuple[int, int]) -> KubernetesAccelerator:
    def labels(cards: int) -> dict[str, str]:
        major, minor = capability
        return {
            "nvidia.com/gpu.compute.major": str(major),
            "nvidia.com/gpu.compute.minor": str(minor),
            "nvidia.com/gpu.count": str(cards),
            "nvidia.com/gpu.family": _FAMILIES[capability],
            "nvidia.com/gpu.memory": str(accelerator.memory_mib),
            "nvidia.com/gpu.present": "true",
            "nvidia.com/gpu.product": accelerator.product,
        }

    return KubernetesAccelerator(
        key=accelerator.key,
        resource=NVIDIA_RESOURCE,
        taint_key=NVIDIA_RESOURCE,
        taint_value="present",
        labels=labels,
        source=f"{_GFD}; {_GKE}",
    )


def _huawei(accelerator: Accelerator, series: str, chip: str) -> KubernetesAccelerator:
    def labels(_cards: int) -> dict[str, str]:
        return {"accelerator": f"huawei-{series}", "node.kubernetes.io/npu.chip.name": chip}

    resource = f"huawei.com/{series}"
    return KubernetesAccelerator(
        key=accelerator.key,
        resource=resource,
        taint_key=resource,
        taint_value="present",
        labels=labels,
        source=_MINDCLUSTER,
    )


def _shown(accelerator: Accelerator) -> KubernetesAccelerator:
    match accelerator.vendor:
        case "huawei":
            # The 910B is a member of the 910 series: its plugin announces Ascend910, and only the chip label differs.
            series = "Ascend310P" if accelerator.key == "ascend-310p" else "Ascend910"
            return _huawei(accelerator, series, accelerator.product.removeprefix("Ascend"))
        case "nvidia":
            if accelerator.compute_capability is None:
                raise ValueError(f"{accelerator.key}: an NVIDIA card needs compute_capability in stacks/spec")
            return _nvidia(accelerator, accelerator.compute_capability)
        case _:
            assert_never(accelerator.vendor)


KUBERNETES_ACCELERATORS: Final[dict[AcceleratorKey, KubernetesAccelerator]] = {
    key: _shown(accelerator) for key, accelerator in ACCELERATORS.items()
}
"""Every accelerator a stack file may name, by key."""
