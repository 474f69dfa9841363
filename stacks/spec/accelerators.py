"""Accelerators as data: what a stack file may name, and the figures that decide whether a model fits.

``memory_mib`` is what the driver prints, not the figure on the box: "48 GB" cards hold 46068 MiB. Each row says where
its figures come from. How an accelerator shows in Kubernetes stands in ``components/accelerators.py``.
"""

from dataclasses import dataclass
from typing import Literal, get_args

AcceleratorKey = Literal[
    "ascend-310p",
    "ascend-910b",
    "nvidia-a10",
    "nvidia-a100-40",
    "nvidia-a100-80",
    "nvidia-b200",
    "nvidia-h100",
    "nvidia-h20",
    "nvidia-h200",
    "nvidia-l20",
    "nvidia-l4",
    "nvidia-l40s",
    "nvidia-t4",
]
Vendor = Literal["huawei", "nvidia"]
Precision = Literal["bf16", "fp8"]


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One accelerator model.

    Attributes:
        key: name in the stack file.
        product: product name as the vendor's node label prints it.
        vendor: whose device plugin and taint apply.
        memory_mib: total memory the driver reports, MiB.
        compute_capability: CUDA capability (major, minor); None where CUDA does not exist.
        precisions: number formats the tensor units take besides float16.
        source: where the figures come from.
    """

    key: AcceleratorKey
    product: str
    vendor: Vendor
    memory_mib: int
    compute_capability: tuple[int, int] | None
    precisions: tuple[Precision, ...]
    source: str


_SYSTEMS = "ai-dynamo/aiconfigurator 095f58a5 (2026-08-21) aic-core/src/aiconfigurator_core/systems"
_HAMI = "Project-HAMi/HAMi 4707fb02 (2026-08-21) charts/hami/templates/scheduler/device-configmap.yaml"
_KARPENTER = "aws/karpenter-provider-aws 1d927085 (2026-08-21) website/content/en/v1.14/reference/instance-types.md"
_SMI = "nvidia-smi printout"
_FP16: tuple[Precision, ...] = ()
_BF16: tuple[Precision, ...] = ("bf16",)
_FP8: tuple[Precision, ...] = ("bf16", "fp8")

_ROWS = (
    Accelerator("ascend-310p", "Ascend310P", "huawei", 21527, None, _FP16, f"{_HAMI}: allocatable"),
    Accelerator("ascend-910b", "Ascend910B", "huawei", 65536, None, _BF16, f"{_HAMI}: 910B2 and 910B3, 64 GB"),
    Accelerator(
        "nvidia-a10", "NVIDIA-A10", "nvidia", 23028, (8, 6), _BF16, _SMI
    ),
    Accelerator(
        "nvidia-a100-40", "NVIDIA-A100-SXM4-40GB", "nvidia", 40960, (8, 0), _BF16,
        "NVIDIA/mig-parted bd7160f4 (2026-08-21) deployments/systemd/config-default.yaml; total recalled, unread",
    ),
    Accelerator(
        "nvidia-a100-80", "NVIDIA-A100-SXM4-80GB", "nvidia", 81920, (8, 0), _BF16, f"{_KARPENTER} (p4de)"
    ),
    Accelerator("nvidia-b200", "NVIDIA-B200", "nvidia", 183359, (10, 0), _FP8, f"{_SMI}; {_KARPENTER}"),
    Accelerator(
        "nvidia-h100", "NVIDIA-H100-80GB-HBM3", "nvidia", 81559, (9, 0), _FP8,
        f"{_SYSTEMS}/h100_sxm.yaml; total recalled, torch sees 79.18 GiB",
    ),
    Accelerator(
        "nvidia-h20", "NVIDIA-H20", "nvidia", 97871, (9, 0), _FP8, _SMI
    ),
    Accelerator(
        "nvidia-h200", "NVIDIA-H200", "nvidia", 143771, (9, 0), _FP8, f"{_SYSTEMS}/h200_sxm.yaml; {_SMI}"
    ),
    Accelerator(
        "nvidia-l20", "NVIDIA-L20", "nvidia", 46068, (8, 9), _FP8,
        f"{_SMI} (driver 580.65.06)",
    ),
    Accelerator("nvidia-l4", "NVIDIA-L4", "nvidia", 23034, (8, 9), _FP8, f"{_SYSTEMS}/l4.yaml; {_SMI}"),
    Accelerator(
        "nvidia-l40s", "NVIDIA-L40S", "nvidia", 46068, (8, 9), _FP8,
        f"{_SYSTEMS}/l40s.yaml: 48,305,799,168 bytes",
    ),
    Accelerator(
        "nvidia-t4", "Tesla-T4", "nvidia", 15360, (7, 5), _FP16,
        "Triton exposition of DataDog/integrations-core: 16,106,127,360 bytes",
    ),
)  # fmt: skip

ACCELERATORS: dict[AcceleratorKey, Accelerator] = {row.key: row for row in _ROWS}
"""Every accelerator a stack file may name, by key; a test holds this equal to ``AcceleratorKey``."""

ACCELERATOR_KEYS: tuple[str, ...] = get_args(AcceleratorKey)
